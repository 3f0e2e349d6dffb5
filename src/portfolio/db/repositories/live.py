from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.repositories.sessions import alive
from portfolio.models.credentials import ApiToken
from portfolio.models.live import Audience, LiveEvent, LiveType
from portfolio.models.sessions import UserSession
from portfolio.models.two_factor import Method, SecondFactor
from portfolio.models.users import Role, User

# Of parameters of one statement; SQL Server takes 2,100.
_AT_ONCE = 1000

# The topic of an event whose words are gone.
FORGOTTEN = ""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    id: int
    topic: str
    audience: Audience
    type: LiveType
    data: dict[str, object]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account is at this moment, and for what an API token of it is good."""

    role: Role
    password_hash: str | None
    is_strong: bool
    scopes: Sequence[str] | None = None


class LiveEventRepository:
    async def add(self, db: AsyncSession, event: LiveEvent) -> None:
        db.add(event)
        await db.flush()

    async def last(self, db: AsyncSession, limit: int) -> list[int]:
        """The highest ids, ascending."""
        statement = select(LiveEvent.id).order_by(LiveEvent.id.desc()).limit(limit)
        return [*reversed((await db.execute(statement)).scalars().all())]

    async def oldest(self, db: AsyncSession) -> int | None:
        return await db.scalar(select(func.min(LiveEvent.id)))

    async def since(
        self,
        db: AsyncSession,
        newest: int,
        missing: Collection[int],
        limit: int,
        topics: Collection[str] | None = None,
    ) -> list[StoredEvent]:
        """Those beyond `newest` and those that were missing, in order; of all topics, or of these."""
        new = LiveEvent.id > newest
        statement = (
            select(
                LiveEvent.id,
                LiveEvent.topic,
                LiveEvent.audience,
                LiveEvent.type,
                LiveEvent.data,
                LiveEvent.created_at,
            )
            .where(or_(new, LiveEvent.id.in_(missing)) if missing else new)
            .order_by(LiveEvent.id)
            .limit(limit)
        )
        if topics is not None:
            statement = statement.where(LiveEvent.topic.in_(topics))
        return [StoredEvent(*row) for row in await db.execute(statement)]

    async def has_older(self, db: AsyncSession, before: datetime) -> bool:
        """Whether forget() would find something."""
        statement = select(LiveEvent.id).where(_readable(before)).limit(1)
        return (await db.execute(statement)).first() is not None

    async def forget(self, db: AsyncSession, before: datetime) -> None:
        """Delete what is older; of the newest the words alone: SQLite would give its id again."""
        newest = select(func.max(LiveEvent.id)).scalar_subquery()
        await db.execute(
            delete(LiveEvent)
            .where(LiveEvent.created_at < before, LiveEvent.id < newest)
            .execution_options(synchronize_session=False)
        )
        await db.execute(
            update(LiveEvent)
            .where(_readable(before))
            .values(topic=FORGOTTEN, data={})
            .execution_options(synchronize_session=False)
        )


def _readable(before: datetime) -> ColumnElement[bool]:
    """What is older, and not emptied yet."""
    return and_(LiveEvent.created_at < before, LiveEvent.topic != FORGOTTEN)


class ListenerRepository:
    """Active accounts behind sessions and tokens that live, by the ids of these."""

    async def by_session(
        self, db: AsyncSession, ids: Collection[int], now: datetime
    ) -> Mapping[int, Standing]:
        found = {}
        for part in _parts(ids):
            statement = _accounts(UserSession).where(UserSession.id.in_(part), alive(now))
            found.update({row[0]: _standing(row) for row in await db.execute(statement)})
        return found

    async def by_token(
        self, db: AsyncSession, ids: Collection[int], now: datetime
    ) -> Mapping[int, Standing]:
        found = {}
        for part in _parts(ids):
            statement = (
                _accounts(ApiToken)
                .add_columns(ApiToken.scopes)
                .where(
                    ApiToken.id.in_(part),
                    or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
                )
            )
            found.update({row[0]: _standing(row) for row in await db.execute(statement)})
        return found


def _accounts(
    proof: type[UserSession] | type[ApiToken],
) -> Select[int, Role, str | None, bool, datetime | None]:
    totp = (SecondFactor.user_id == User.id) & (SecondFactor.method == Method.TOTP)
    return (
        select(
            proof.id,
            User.role,
            User.password_hash,
            User.has_long_password,
            SecondFactor.confirmed_at,
        )
        .select_from(proof)
        .join(User, User.id == proof.user_id)
        .outerjoin(SecondFactor, totp)
        .where(User.is_active)
    )


def _standing(row: Row[*tuple[Any, ...]]) -> Standing:
    _, role, password_hash, has_long_password, totp_since, *scopes = row
    strong = has_long_password or totp_since is not None
    return Standing(role, password_hash, strong, *scopes)


def _parts(ids: Collection[int]) -> Iterator[list[int]]:
    rest = iter(sorted(ids))
    while part := [*islice(rest, _AT_ONCE)]:
        yield part
