from datetime import datetime
from typing import ClassVar

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.repositories.base import BaseRepository
from portfolio.models.credentials import OneTimeToken, Purpose, UserSession
from portfolio.models.users import User


class SessionRepository(BaseRepository[UserSession]):
    model = UserSession
    sortable: ClassVar = {"last_seen_at": UserSession.last_seen_at}
    default_sort: ClassVar[str] = "-last_seen_at"

    async def user_of(self, db: AsyncSession, sid: str, now: datetime) -> User | None:
        """The active account behind a session that lives, in one statement."""
        statement = (
            select(User)
            .join(UserSession, UserSession.user_id == User.id)
            .where(
                UserSession.sid == sid,
                UserSession.ended_at.is_(None),
                UserSession.expires_at > now,
                User.is_active,
            )
        )
        return (await db.execute(statement)).scalar_one_or_none()

    async def end(self, db: AsyncSession, sid: str, now: datetime) -> None:
        """Its access tokens are refused from the commit on."""
        await db.execute(
            update(UserSession)
            .where(UserSession.sid == sid, UserSession.ended_at.is_(None))
            .values(ended_at=now)
            .execution_options(synchronize_session=False)
        )


class OneTimeTokenRepository(BaseRepository[OneTimeToken]):
    model = OneTimeToken

    async def is_usable(
        self, db: AsyncSession, purpose: Purpose, digest: str, now: datetime
    ) -> bool:
        """Whether consume() would succeed now. Decides nothing: another may be faster."""
        return await self.first(db, *_usable(purpose, digest, now)) is not None

    async def consume(self, db: AsyncSession, purpose: Purpose, digest: str, now: datetime) -> bool:
        """Use it up. True for exactly one of all who try, however parallel they are."""
        statement = (
            update(OneTimeToken)
            .where(*_usable(purpose, digest, now))
            .values(used_at=now)
            .returning(OneTimeToken.id)
            .execution_options(synchronize_session=False)
        )
        return (await db.execute(statement)).scalar_one_or_none() is not None

    async def discard(self, db: AsyncSession, purpose: Purpose) -> None:
        """Every token of this purpose is gone."""
        await db.execute(
            delete(OneTimeToken)
            .where(OneTimeToken.purpose == purpose)
            .execution_options(synchronize_session=False)
        )


def _usable(purpose: Purpose, digest: str, now: datetime) -> list[ColumnElement[bool]]:
    return [
        OneTimeToken.purpose == purpose,
        OneTimeToken.digest == digest,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > now,
    ]
