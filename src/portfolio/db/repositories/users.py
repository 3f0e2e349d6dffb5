from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.pagination import Page, PageRequest
from portfolio.core.text import fold
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.matching import contains
from portfolio.models.entities import EntityType
from portfolio.models.two_factor import Method, SecondFactor
from portfolio.models.users import Role, User


class UserRepository(BaseRepository[User]):
    """Accounts. E-mail and user name are expected folded, as they are stored."""

    model = User
    sortable: ClassVar = {"username": User.username, "created_at": User.created_at}
    default_sort: ClassVar[str] = "username"
    filters: ClassVar[Mapping[str, Callable[[Any], ColumnElement[bool]]]] = {
        "role": lambda value: User.role == value,
        "is_active": lambda value: User.is_active == value,
        "q": lambda value: or_(
            contains(User.username, fold(value)),
            contains(User.email, fold(value)),
            contains(User.display_name, value),
        ),
    }

    async def list_of(
        self, db: AsyncSession, request: PageRequest, filters: Mapping[str, Any]
    ) -> Page[User]:
        conditions = [self.filters[name](value) for name, value in filters.items()]
        return await self.all(db, request, *conditions)

    async def by_identifier(self, db: AsyncSession, identifier: str) -> User | None:
        """The account with this e-mail or user name, which holds no @."""
        column = User.email if "@" in identifier else User.username
        return await self.first(db, column == identifier)

    async def has_admin(self, db: AsyncSession) -> bool:
        return await self.first(db, User.role == Role.ADMIN) is not None

    async def hold_admins(self, db: AsyncSession) -> list[User]:
        """The active admins, whom nobody else changes until this transaction ends.

        Whoever never opened their account is none yet. In one order for all, so that two who hold
        them wait for each other but do not block.
        """
        statement = (
            select(User)
            .where(
                User.role == Role.ADMIN,
                User.is_active,
                or_(User.email_verified_at.is_not(None), User.last_login_at.is_not(None)),
            )
            .order_by(User.id)
            .with_for_update(key_share=True)
            .with_hint(User, "WITH (UPDLOCK, ROWLOCK)", "mssql")
            .execution_options(populate_existing=True)
        )
        return list((await db.execute(statement)).scalars())

    async def hold(self, db: AsyncSession, user_id: int) -> bool:
        """Let nobody delete the account until this transaction ends; False if it is gone.

        To be done before anything else is held: whoever erases an account holds it first.
        """
        statement = (
            select(User.id)
            .where(User.id == user_id)
            .with_for_update(read=True, key_share=True)
            .with_hint(User, "WITH (REPEATABLEREAD, ROWLOCK)", "mssql")
        )
        return await db.scalar(statement) is not None

    async def second_factors(self, db: AsyncSession, ids: Sequence[int]) -> dict[int, list[Method]]:
        """What each account has confirmed, in the order in which it is offered."""
        statement = select(SecondFactor.user_id, SecondFactor.method).where(
            SecondFactor.user_id.in_(ids), SecondFactor.confirmed_at.is_not(None)
        )
        found: dict[int, list[Method]] = {row_id: [] for row_id in ids}
        for row_id, method in await db.execute(statement):
            found[row_id].append(method)
        return {
            row_id: sorted(methods, key=list(Method).index) for row_id, methods in found.items()
        }

    async def owner(self, db: AsyncSession) -> User | None:
        """The first active admin: the site is theirs."""
        return await self.first(db, User.role == Role.ADMIN, User.is_active)

    async def rehearse(self, db: AsyncSession, user: User) -> None:
        """The work of create(), of which nothing stays."""
        savepoint = await db.begin_nested()
        db.add(user)
        await db.flush()
        await savepoint.rollback()

    async def forget_pending(self, db: AsyncSession, before: datetime) -> None:
        """Delete accounts that were registered before then, and never opened."""
        await db.execute(
            delete(User)
            .where(
                User.email_verified_at.is_(None),
                User.last_login_at.is_(None),
                User.created_at < before,
            )
            .execution_options(synchronize_session=False, cache_tags=(EntityType.PROFILES,))
        )

    async def sign_in(
        self,
        db: AsyncSession,
        user: User,
        at: datetime,
        password_hash: str | None,
        has_long_password: bool,
    ) -> bool:
        """Note the login and the renewed hash. False if the account changed since it was read.

        The version stays: a login is no change that another editor could overwrite.
        """
        statement = (
            update(User)
            .where(User.id == user.id, User.is_active, User.password_hash == user.password_hash)
            .values(
                last_login_at=at, password_hash=password_hash, has_long_password=has_long_password
            )
            .returning(User.id)
            .execution_options(synchronize_session=False, cache_tags=())
        )
        return (await db.execute(statement)).scalar_one_or_none() is not None
