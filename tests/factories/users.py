"""Accounts, and what signs them in."""

from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate
from portfolio.wiring import Services

PASSWORD = "correct horse battery staple"


async def make_user(services: Services, name: str, role: Role = Role.USER) -> User:
    data = UserCreate(email=f"{name}@example.com", username=name, password=PASSWORD)
    async with services.database.transaction() as db:
        return await services.users.create(db, data, role)


async def make_access_token(services: Services, account: User) -> str:
    async with services.database.transaction() as db:
        return (await services.auth.open_session(db, account)).access_token
