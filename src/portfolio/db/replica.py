"""A standby that reads for strangers, and the proof that it is level with the primary.

A standby repeats the commits of its primary in their order. So when a mark was set on the primary
after a change, and is seen on the standby, the change is there too.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Literal

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from portfolio.core.errors import RetryableException, UnavailableException
from portfolio.db.failures import meaning, translated
from portfolio.models.bookkeeping import ReplicationMark

READS = Counter(
    "database_public_reads_total", "Reads for strangers, where there is a replica", ["server"]
)
LAG = Gauge(
    "database_replica_lag_seconds",
    "Seconds since the replica was level with the primary; 0 while it is",
    multiprocess_mode="livemax",
)
PATIENCE = 1.0  # seconds for a connection and the first answer; then the primary is faster
REST = 0.1  # seconds between two marks of one process, however much is being written
_SOON, _LATER = 0.002, 0.1  # the shortest and the longest pause between two looks

_POSITION = select(ReplicationMark.position).where(ReplicationMark.id == 1)
_ADVANCE = (
    update(ReplicationMark)
    .where(ReplicationMark.id == 1)
    .values(position=ReplicationMark.position + 1)
    .returning(ReplicationMark.position)
)

# A number that grows with each change of public content; None when nobody can tell.
Changes = Callable[[], Awaitable[int | None]]
State = Literal["up", "behind", "away"]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """Set on the primary when it had so many changes: whoever sees it sees all of them."""

    changes: int
    position: int


class Replica:
    """One for each process. Serves nothing before watch() was run, and again and again."""

    def __init__(self, standby: AsyncEngine, primary: AsyncEngine, changes: Changes) -> None:
        self.state: State = "away"
        self._primary = primary
        self._changes = changes
        self._sessions = async_sessionmaker(standby, expire_on_commit=False)
        self._set: Mark | None = None
        self._seen: Mark | None = None
        self._rested = 0.0
        self._level_at = monotonic()

    @asynccontextmanager
    async def reading(
        self, primary: AbstractAsyncContextManager[AsyncSession]
    ) -> AsyncIterator[AsyncSession]:
        """A session on the standby where that is level by now, else the primary's.

        Raises RetryableException when the standby fails: the next session will be the primary's.
        """
        mark = self._seen
        if mark is not None and mark.changes == await self._changes():
            async with self._sessions() as db:
                if await self._shows(mark, db):
                    READS.labels("replica").inc()
                    async with self._failing(db):
                        yield db
                    return
        READS.labels("primary").inc()
        async with primary as db:
            yield db

    async def watch(self) -> None:
        """Look how far the standby is: to be done after each change, and every second.

        Raises UnavailableException when the primary is away.
        """
        await asyncio.sleep(self._rested - monotonic())
        changes = await self._changes()
        if self._set is None or self._set.changes != changes:
            self._seen = self._set = None
            self._set = await self._mark(changes)
        if self._set is not None:
            await self._await(self._set)
        LAG.set(0 if self._seen is not None else monotonic() - self._level_at)

    async def _mark(self, changes: int | None) -> Mark | None:
        """A new one, unless it would be of no use."""
        before = await self._look()
        if before is None:
            return None
        if changes is None:
            self._turn("behind")
            return None
        position = await self._advance()
        if before >= position:
            self._lose("it is no replica of this database")
            return None
        return Mark(changes, position)

    async def _await(self, mark: Mark) -> None:
        """Until the standby has it, is away, or is far behind."""
        pause, late = _SOON, monotonic() + PATIENCE
        while (position := await self._look()) is not None:
            if position >= mark.position:
                self._seen = mark
                self._level_at = monotonic()
                self._turn("up")
                return
            if monotonic() > late:
                self._turn("behind")
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LATER)

    async def _advance(self) -> int:
        with translated():
            async with self._primary.begin() as connection:
                position: int = (await connection.execute(_ADVANCE)).scalar_one()
        self._rested = monotonic() + REST
        return position

    async def _look(self) -> int | None:
        """The position of the standby; None while it is away."""
        async with self._sessions() as db:
            return await self._ask(db)

    async def _shows(self, mark: Mark, db: AsyncSession) -> bool:
        # Asked on the very connection that will be read from: what was seen on another may have
        # been a server that was restarted since, or another one behind the same address.
        position = await self._ask(db)
        return position is not None and position >= mark.position

    async def _ask(self, db: AsyncSession) -> int | None:
        try:
            async with asyncio.timeout(PATIENCE):
                position: int = (await db.execute(_POSITION)).scalar_one()
        except (SQLAlchemyError, OSError) as error:
            await self._lose_by(error, db)
            return None
        return position

    @asynccontextmanager
    async def _failing(self, db: AsyncSession) -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:
            meant = meaning(error)
            if isinstance(meant, RetryableException | UnavailableException):
                await self._lose_by(error, db)
            elif meant is not None:
                raise meant from error
            elif not isinstance(error, DBAPIError):
                raise
            # Whatever the standby cannot do, the primary may.
            raise RetryableException from error

    async def _lose_by(self, error: Exception, db: AsyncSession) -> None:
        self._lose(type(getattr(error, "orig", None) or error).__name__)
        await db.invalidate()

    def _lose(self, cause: str) -> None:
        self._seen = None
        self._turn("away", cause=cause)

    def _turn(self, state: State, **facts: str) -> None:
        if state != self.state:
            self.state = state
            tell = log.info if state == "up" else log.warning
            tell(f"replica.{state}", **facts)
