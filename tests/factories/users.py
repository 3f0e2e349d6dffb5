"""Accounts, and what signs them in."""

from datetime import timedelta
from typing import Any

import httpx2
from sqlalchemy import update

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.sessions import UserSession
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate
from portfolio.wiring import Services

PASSWORD = "correct horse battery staple"
LOGIN = "/api/v1/auth/login"


async def make_user(services: Services, name: str, role: Role = Role.USER) -> User:
    data = UserCreate(email=f"{name}@example.com", username=name, password=PASSWORD)
    async with services.database.transaction() as db:
        return await services.users.create(db, data, role)


async def make_access_token(services: Services, account: User) -> str:
    async with services.database.transaction() as db:
        return (await services.sessions.open(db, account)).access_token


async def change_users(database: Database, *users: User, **values: Any) -> None:
    """Behind the back of the application; all of them if none is named."""
    statement = update(User).values(**values)
    if users:
        statement = statement.where(User.id.in_([user.id for user in users]))
    async with database.transaction() as db:
        await db.execute(statement)


async def grow_stale(database: Database) -> None:
    """Everybody who is signed in proved six minutes ago who they are."""
    async with database.transaction() as db:
        long_ago = utc_now() - timedelta(minutes=6)
        await db.execute(update(UserSession).values(authenticated_at=long_ago))


async def log_in(
    client: httpx2.AsyncClient, identifier: str = "owner@example.com", password: str = PASSWORD
) -> httpx2.Response:
    return await client.post(LOGIN, json={"identifier": identifier, "password": password})


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
