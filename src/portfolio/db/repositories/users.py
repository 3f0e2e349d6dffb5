from datetime import datetime
from typing import ClassVar

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.repositories.base import BaseRepository
from portfolio.models.users import Role, User


class UserRepository(BaseRepository[User]):
    """Accounts. E-mail and user name are expected folded, as they are stored."""

    model = User
    sortable: ClassVar = {"username": User.username, "created_at": User.created_at}
    default_sort: ClassVar[str] = "username"

    async def by_identifier(self, db: AsyncSession, identifier: str) -> User | None:
        """The account with this e-mail or user name, which holds no @."""
        column = User.email if "@" in identifier else User.username
        return await self.first(db, column == identifier)

    async def has_admin(self, db: AsyncSession) -> bool:
        return await self.first(db, User.role == Role.ADMIN) is not None

    async def owner(self, db: AsyncSession) -> User | None:
        """The first active admin: the site is theirs."""
        return await self.first(db, User.role == Role.ADMIN, User.is_active)

    async def sign_in(
        self, db: AsyncSession, user: User, at: datetime, password_hash: str | None
    ) -> bool:
        """Note the login and the renewed hash. False if the account changed since it was read.

        The version stays: a login is no change that another editor could overwrite.
        """
        statement = (
            update(User)
            .where(User.id == user.id, User.is_active, User.password_hash == user.password_hash)
            .values(last_login_at=at, password_hash=password_hash)
            .returning(User.id)
            .execution_options(synchronize_session=False)
        )
        return (await db.execute(statement)).scalar_one_or_none() is not None
