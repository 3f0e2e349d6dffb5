"""The fence that all hosts share, in the primary: what it is for says adapters/cache/fence.py."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from portfolio.db.engine import Engines
from portfolio.models.bookkeeping import CacheFence

LOOK_PATIENCE = 0.5  # seconds, for which readers wait
RAISE_PATIENCE = 5.0  # seconds: on SQLite others may be writing

_POSITION = select(CacheFence.position).where(CacheFence.id == 1)
_RAISE = update(CacheFence).where(CacheFence.id == 1).values(position=CacheFence.position + 1)

log = structlog.get_logger(__name__)


class DatabaseFence:
    """Past all sessions: it belongs to no request, and its writes change nothing that is shown."""

    def __init__(self, engines: Engines) -> None:
        self._reads = engines.fence or engines.read
        self._writes = engines.fence or engines.write
        self._away = False

    async def position(self) -> int | None:
        return await self._within(LOOK_PATIENCE, self._look)

    async def raise_(self) -> bool:
        return await self._within(RAISE_PATIENCE, self._advance) is not None

    async def _look(self) -> int:
        async with self._reads.connect() as connection:
            position: int = (await connection.execute(_POSITION)).scalar_one()
        return position

    async def _advance(self) -> int:
        async with self._writes.begin() as connection:
            return (await connection.execute(_RAISE)).rowcount

    async def _within(self, patience: float, ask: Callable[[], Awaitable[int]]) -> int | None:
        """None for what the database does not do in time."""
        try:
            async with asyncio.timeout(patience):
                answer = await ask()
        except (SQLAlchemyError, OSError) as error:
            if not self._away:
                self._away = True
                log.warning("cache.fence_away", cause=type(error).__name__)
            return None
        if self._away:
            self._away = False
            log.info("cache.fence_back")
        return answer
