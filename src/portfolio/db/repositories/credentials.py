from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.identity import owner_of
from portfolio.models.credentials import ApiToken, OneTimeToken, Purpose
from portfolio.models.identity import Identity


class OneTimeTokenRepository(BaseRepository[OneTimeToken]):
    model = OneTimeToken

    async def usable(
        self, db: AsyncSession, purpose: Purpose, digest: str, now: datetime
    ) -> OneTimeToken | None:
        """What consume() would use up now. Decides nothing: another may be faster."""
        return await self.first(db, *_usable(purpose, digest, now))

    async def consume(
        self, db: AsyncSession, purpose: Purpose, digest: str, now: datetime
    ) -> OneTimeToken | None:
        """Use it up: its row, for exactly one of all who try, however parallel they are."""
        statement = (
            update(OneTimeToken)
            .where(*_usable(purpose, digest, now))
            .values(used_at=now)
            .returning(OneTimeToken)
            .execution_options(synchronize_session=False)
        )
        return (await db.execute(statement)).scalar_one_or_none()

    async def discard(self, db: AsyncSession, purpose: Purpose, user_id: int | None = None) -> None:
        """Every token of this purpose is gone: of all, or of one account."""
        statement = delete(OneTimeToken).where(OneTimeToken.purpose == purpose)
        if user_id is not None:
            statement = statement.where(OneTimeToken.user_id == user_id)
        await db.execute(statement.execution_options(synchronize_session=False))

    async def forget_expired(self, db: AsyncSession, before: datetime) -> None:
        await db.execute(
            delete(OneTimeToken)
            .where(OneTimeToken.expires_at < before)
            .execution_options(synchronize_session=False)
        )


class ApiTokenRepository(BaseRepository[ApiToken]):
    model = ApiToken
    sortable: ClassVar = {"created_at": ApiToken.created_at, "name": ApiToken.name}
    default_sort: ClassVar[str] = "-created_at"

    async def identity(self, db: AsyncSession, digest: str, now: datetime) -> Identity | None:
        """The active account behind a token that has not expired, in one statement."""
        lives = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
        statement = owner_of(ApiToken, ApiToken.digest == digest, lives)
        row = (await db.execute(statement)).one_or_none()
        return Identity(row[0], api_token=row[1], has_totp=row[2] is not None) if row else None

    async def of(self, db: AsyncSession, user_id: int, request: PageRequest) -> Page[ApiToken]:
        return await self.all(db, request, ApiToken.user_id == user_id)

    async def number_of(self, db: AsyncSession, user_id: int) -> int:
        statement = select(func.count(ApiToken.id)).where(ApiToken.user_id == user_id)
        return (await db.execute(statement)).scalar_one()

    async def used(self, db: AsyncSession, moments: Mapping[int, datetime]) -> None:
        """Note when tokens were last used, by id: no change that an owner made."""
        for token_id, moment in sorted(moments.items()):
            await db.execute(
                update(ApiToken)
                .where(ApiToken.id == token_id)
                .values(last_used_at=moment)
                .execution_options(synchronize_session=False)
            )


def _usable(purpose: Purpose, digest: str, now: datetime) -> list[ColumnElement[bool]]:
    return [
        OneTimeToken.purpose == purpose,
        OneTimeToken.digest == digest,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > now,
    ]
