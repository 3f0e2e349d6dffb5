from datetime import datetime
from typing import ClassVar

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.identity import owner_of
from portfolio.models.identity import Identity
from portfolio.models.sessions import SpentRefreshToken, UserSession
from portfolio.models.users import User


def alive(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Neither ended nor expired. One that was idle for too long still is: it cannot be refreshed."""
    return and_(UserSession.ended_at.is_(None), UserSession.expires_at > now)


# Built once: it is run for each request of whoever is signed in.
_IDENTITY = owner_of(
    UserSession,
    UserSession.sid == bindparam("sid", type_=UserSession.sid.type),
    alive(bindparam("now", type_=UserSession.expires_at.type)),
)


class SessionRepository(BaseRepository[UserSession]):
    model = UserSession
    sortable: ClassVar = {"last_seen_at": UserSession.last_seen_at}
    default_sort: ClassVar[str] = "-last_seen_at"

    async def identity(self, db: AsyncSession, sid: str, now: datetime) -> Identity | None:
        """The active account behind a session that lives, in one statement."""
        row = (await db.execute(_IDENTITY, {"sid": sid, "now": now})).one_or_none()
        return Identity(row[0], row[1], has_totp=row[2] is not None) if row else None

    async def rotate(
        self, db: AsyncSession, digest: str, successor: str, now: datetime, idle_since: datetime
    ) -> int | None:
        """Exchange a refresh token for its successor: the session's id, for exactly one of many."""
        statement = (
            update(UserSession)
            .where(
                UserSession.refresh_digest == digest,
                alive(now),
                UserSession.last_seen_at > idle_since,
            )
            .values(refresh_digest=successor, last_seen_at=now)
            .returning(UserSession.id)
            .execution_options(synchronize_session=False)
        )
        session_id = (await db.execute(statement)).scalar_one_or_none()
        if session_id is not None:
            db.add(SpentRefreshToken(digest=digest, session_id=session_id, spent_at=now))
            await db.flush()
        return session_id

    async def spent(
        self, db: AsyncSession, digest: str
    ) -> tuple[SpentRefreshToken, UserSession] | None:
        """A token that was exchanged before, and its session."""
        statement = (
            select(SpentRefreshToken, UserSession)
            .join(UserSession, UserSession.id == SpentRefreshToken.session_id)
            .where(SpentRefreshToken.digest == digest)
        )
        row = (await db.execute(statement)).one_or_none()
        return (row[0], row[1]) if row else None

    async def owned(
        self, db: AsyncSession, session_id: int, now: datetime
    ) -> tuple[UserSession, User] | None:
        """A session that lives, and its active account."""
        statement = (
            select(UserSession, User)
            .join(User, User.id == UserSession.user_id)
            .where(UserSession.id == session_id, alive(now), User.is_active)
        )
        row = (await db.execute(statement)).one_or_none()
        return (row[0], row[1]) if row else None

    async def living(
        self,
        db: AsyncSession,
        user_id: int,
        request: PageRequest,
        now: datetime,
        idle_since: datetime,
    ) -> Page[UserSession]:
        """Those that can still be used."""
        return await self.all(
            db,
            request,
            UserSession.user_id == user_id,
            alive(now),
            UserSession.last_seen_at > idle_since,
        )

    async def end(self, db: AsyncSession, now: datetime, *, session_id: int) -> bool:
        """Its access tokens are refused from the commit on. False if it had ended already."""
        ended = await db.execute(
            update(UserSession)
            .where(UserSession.id == session_id, UserSession.ended_at.is_(None))
            .values(ended_at=now)
            .returning(UserSession.id)
            .execution_options(synchronize_session=False)
        )
        return ended.scalar_one_or_none() is not None

    async def end_all(
        self, db: AsyncSession, user_id: int, now: datetime, but: int | None = None
    ) -> int:
        """End every session of the account, except one; how many that were."""
        kept = UserSession.id != but if but is not None else UserSession.id.is_not(None)
        ended = await db.execute(
            update(UserSession)
            .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None), kept)
            .values(ended_at=now)
            .returning(UserSession.id)
            .execution_options(synchronize_session=False)
        )
        return len(ended.scalars().all())

    async def proven(self, db: AsyncSession, session_id: int, now: datetime) -> None:
        """Whoever sits there has just proven who they are."""
        await db.execute(
            update(UserSession)
            .where(UserSession.id == session_id)
            .values(authenticated_at=now)
            .execution_options(synchronize_session=False)
        )

    async def is_familiar(self, db: AsyncSession, user_id: int, address: str, agent: str) -> bool:
        """Whether the account was used from such a client before."""
        return (
            await self.first(
                db,
                UserSession.user_id == user_id,
                UserSession.address == address,
                UserSession.agent == agent,
            )
            is not None
        )

    async def forget(self, db: AsyncSession, over_before: datetime, spent_before: datetime) -> None:
        """Delete sessions that were over by then, and tokens that were spent by then."""
        await db.execute(
            delete(UserSession)
            .where(or_(UserSession.ended_at < over_before, UserSession.expires_at < over_before))
            .execution_options(synchronize_session=False)
        )
        await db.execute(
            delete(SpentRefreshToken)
            .where(SpentRefreshToken.spent_at < spent_before)
            .execution_options(synchronize_session=False)
        )
