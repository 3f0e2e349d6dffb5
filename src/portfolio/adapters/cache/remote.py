"""Versions for several hosts: Redis keeps the list of raises, and every use of the cache asks it.

Asked rather than told: a message that is still on its way when the next request comes would let an
old answer out. All who ask at once share one question.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import structlog

from portfolio.adapters.cache.versions import CacheAwayError, MemoryVersions
from portfolio.adapters.redis import RedisAwayError, RedisLink

_STREAM = "portfolio:cache:raised"
# Longer than what can be raised between two questions of a busy process; others start anew.
_KEPT, _READ = 10_000, 1000
_EVERYTHING = "*"
_RETRY_SECONDS = 0.5

log = structlog.get_logger(__name__)


class RedisVersions:
    """What this process knows holds as long as its connection does: after a new one all is old."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._known = MemoryVersions()
        self._connection: Any = link.client.connection_pool.make_connection()
        self._last = b""
        self._waiting: list[asyncio.Future[int]] = []
        self._asking: asyncio.Task[None] | None = None
        self._unsaid: set[str] = set()
        self._saying: asyncio.Task[None] | None = None

    async def position(self) -> int:
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(asked)
        if self._asking is None:
            self._asking = asyncio.create_task(self._answer())
        return await asked

    def unraised(self, slots: Sequence[int], since: int) -> bool:
        return self._known.unraised(slots, since)

    async def raise_tags(self, tags: Iterable[str]) -> None:
        """Tries whatever the circuit says; what cannot be said now is said once Redis is back.

        While it is away nobody uses a cache, and whoever connects anew begins with an empty one.
        """
        try:
            await self._say(tags)
        except BaseException as error:
            # Also if it is cancelled: the commit stands.
            self._unsaid.update(tags)
            log.warning("cache.raise_delayed", tags=len(self._unsaid))
            if self._saying is None:
                self._saying = asyncio.create_task(self._say_later())
            if not isinstance(error, RedisAwayError):
                raise

    async def raise_all(self) -> None:
        try:
            await self._say([_EVERYTHING])
        except RedisAwayError as error:
            raise CacheAwayError from error

    async def close(self) -> None:
        for task in (self._asking, self._saying):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._connection.disconnect(nowait=True)

    async def _answer(self) -> None:
        """One question for all who wait; whoever comes after it was sent waits for the next."""
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                outcome: int | Exception = CacheAwayError()
                try:
                    await self._link.run(self._catch_up)
                    outcome = await self._known.position()
                except RedisAwayError:
                    # The link has logged it.
                    pass
                finally:
                    _settle(asked, outcome)
        finally:
            self._asking = None
            _settle(self._waiting, CacheAwayError())

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

    async def _say_later(self) -> None:
        try:
            while self._unsaid:
                await asyncio.sleep(_RETRY_SECONDS)
                tags = frozenset(self._unsaid)
                with suppress(RedisAwayError):
                    await self._say(tags)
                    self._unsaid -= tags
        finally:
            self._saying = None


def _settle(asked: list[asyncio.Future[int]], outcome: int | Exception) -> None:
    for future in asked:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
