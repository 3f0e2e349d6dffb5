"""What the server stands on, and how each of it is."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Literal

from portfolio.adapters.redis import RedisLink
from portfolio.adapters.storage import Storage
from portfolio.core.errors import InsufficientStorageException, UnavailableException
from portfolio.db.session import Database

PATIENCE = 1.0  # seconds for an answer of the storage
REST = 10.0  # seconds for which it stands: probes come often, and asking a bucket costs money

StorageState = Literal["up", "full", "unreachable"]


class StorageProbe:
    """Asks one storage, however many want to know, and asks nothing more while that one hangs."""

    def __init__(self, storage: Storage, clock: Callable[[], float] = monotonic) -> None:
        self._storage = storage
        self._clock = clock
        self._asking: asyncio.Task[StorageState] | None = None
        self._asked = 0.0

    async def state(self) -> StorageState:
        """As it was at most REST seconds ago; `unreachable` for want of an answer too."""
        asking = self._asking
        if asking is None or (asking.done() and self._clock() >= self._asked + REST):
            self._asked = self._clock()
            asking = self._asking = asyncio.create_task(self._ask())
        await asyncio.wait([asking], timeout=PATIENCE)
        return asking.result() if asking.done() else "unreachable"

    async def _ask(self) -> StorageState:
        try:
            await self._storage.check()
        except InsufficientStorageException:
            return "full"
        except UnavailableException:
            return "unreachable"
        return "up"


class Readiness:
    def __init__(self, database: Database, storage: Storage, redis: RedisLink | None) -> None:
        self._database = database
        self._storage = StorageProbe(storage)
        self._redis = redis

    async def states(self) -> dict[str, str]:
        """Of each dependency one word. Without the database, which alone is `down`, nothing works."""
        database, storage = await asyncio.gather(self._state_of_database(), self._storage.state())
        states: dict[str, str] = {"database": database, "storage": storage}
        if self._redis is not None:
            states["redis"] = await self._redis.state()
        if self._database.replica is not None:
            states["replica"] = self._database.replica.state
        return states

    async def _state_of_database(self) -> str:
        try:
            await self._database.check()
        except UnavailableException:
            return "down"
        return "up"
