"""Versions for several hosts: Redis keeps the list of raises, and every use of the cache asks it.

Asked rather than told: a message that is still on its way when the next request comes would let an
old answer out. All who ask at once share one question. Whoever cannot reach Redis raises a fence in
the database instead (fence.py): others may still reach it, and would go on with what they know.
"""

import asyncio
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any

import structlog

from portfolio.adapters.cache.coalesced import Coalesced
from portfolio.adapters.cache.fence import LOOK_SECONDS, WAIT_SECONDS, Fence
from portfolio.adapters.cache.versions import CacheAwayError, MemoryVersions
from portfolio.adapters.redis import RedisAwayError, RedisLink

_STREAM = "portfolio:cache:raised"
# Longer than what can be raised between two questions of a busy process; others start anew.
_KEPT, _READ = 10_000, 1000
_EVERYTHING = "*"
_RETRY_SECONDS = 0.5
_GRACE = 1.0  # seconds at the end for a fence that is yet to be raised

log = structlog.get_logger(__name__)


class RedisVersions:
    """What this process knows holds as long as its connection does: after a new one all is old."""

    def __init__(self, link: RedisLink, fence: Fence) -> None:
        self._link = link
        self._fence = fence
        self._known = MemoryVersions()
        self._connection: Any = link.client.connection_pool.make_connection()
        self._last = b""
        self._seen: int | None = None
        self._looked = -LOOK_SECONDS
        self._asking = Coalesced(self._learn)
        self._raising = Coalesced(self._raise_fence)

    async def position(self) -> int:
        return await self._asking.ask()

    def unraised(self, slots: Sequence[int], since: int) -> bool:
        return self._known.unraised(slots, since)

    async def raise_tags(self, tags: Iterable[str]) -> None:
        """Tries whatever the circuit says. Past Redis it takes the fence, which costs 0.3 s.

        While the database does not let that be raised, this does not return.
        """
        try:
            await self._say(tags)
        except BaseException as error:
            # Also if it is cancelled: the commit stands.
            raised = self._raising.ask()
            if not isinstance(error, Exception):
                raise
            log.info("cache.told_by_fence", cause=type(error).__name__)
            await raised
            await asyncio.sleep(WAIT_SECONDS)

    async def raise_all(self) -> None:
        try:
            await self._say([_EVERYTHING])
        except RedisAwayError as error:
            raise CacheAwayError from error

    async def close(self) -> None:
        await self._asking.close()
        await self._raising.close(_GRACE)
        await self._connection.disconnect(nowait=True)

    async def _learn(self) -> int:
        try:
            await self._link.run(self._catch_up)
        except RedisAwayError as error:
            # The link has logged it.
            raise CacheAwayError from error
        await self._look()
        return await self._known.position()

    async def _look(self) -> None:
        """At the fence, unless that was done a moment ago.

        Judged by when a look began: what it shows may be of that moment.
        """
        now = monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        position = await self._fence.position()
        if position is None:
            raise CacheAwayError
        if position != self._seen:
            await self._known.raise_all()
        self._seen, self._looked = position, now

    async def _catch_up(self) -> None:
        try:
            if not self._connection.is_connected:
                await self._begin()
                return
            raised = await self._ask("XRANGE", _STREAM, self._last, "+", "COUNT", _READ)
            # The one that was read last comes first again: unless Redis has lost some.
            if not raised or raised[0][0] != self._last or len(raised) == _READ:
                await self._begin()
                return
            for number, fields in raised[1:]:
                self._last = number
                await self._apply(fields[1].decode().split("\n"))
        except BaseException:
            # An answer that comes later would be taken for that to the next question.
            await self._connection.disconnect(nowait=True)
            raise

    async def _begin(self) -> None:
        """Forget what was known, and follow the list from its end."""
        await self._connection.connect()
        newest = await self._ask("XREVRANGE", _STREAM, "+", "-", "COUNT", 1)
        if newest:
            self._last = newest[0][0]
        else:
            self._last = await self._ask("XADD", _STREAM, "*", "tags", _EVERYTHING)
        await self._known.raise_all()

    async def _ask(self, *command: Any) -> Any:
        await self._connection.send_command(*command)
        return await self._connection.read_response()

    async def _apply(self, tags: list[str]) -> None:
        if _EVERYTHING in tags:
            await self._known.raise_all()
        else:
            await self._known.raise_tags(tags)

    async def _say(self, tags: Iterable[str]) -> None:
        said = {"tags": "\n".join(tags)}
        await self._link.run(
            lambda: self._link.client.xadd(_STREAM, said, maxlen=_KEPT, approximate=True),
            insist=True,
        )

    async def _raise_fence(self) -> None:
        while not await self._fence.raise_():
            log.warning("cache.fence_delayed", retry_seconds=_RETRY_SECONDS)
            await asyncio.sleep(_RETRY_SECONDS)
