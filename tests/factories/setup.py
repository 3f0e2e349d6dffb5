"""The link that makes the first admin, and what is sent to it."""

from typing import Any

from sqlalchemy import func, select

from portfolio.models.users import Role, User
from portfolio.wiring import Services

PASSWORD = "a good one!"


async def new_link(services: Services) -> str | None:
    async with services.database.transaction() as db:
        return await services.setup.link(db)


def claim(token: str, **changes: Any) -> dict[str, Any]:
    return {
        "token": token,
        "email": "Ada@Example.com",
        "username": "Ada",
        "password": PASSWORD,
    } | changes


async def admins(services: Services) -> int:
    async with services.database.reading() as db:
        count = select(func.count(User.id)).where(User.role == Role.ADMIN)
        return (await db.execute(count)).scalar_one()
