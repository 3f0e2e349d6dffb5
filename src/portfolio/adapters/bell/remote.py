"""The bell that other hosts hear: a channel of Redis."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog

from portfolio.adapters.cache.coalesced import Coalesced
from portfolio.adapters.redis import RedisAwayError, RedisLink
from portfolio.core.events import Event

_CHANNEL = "portfolio:live"
_PING_SECONDS = 2.0  # of silence, after which it has to say that it is still there
_SILENCE_SECONDS = 4.0  # after which it is taken for gone
_RETRY_SECONDS = 1.0
_GRACE = 0.1  # seconds at the end for what was rung last

log = structlog.get_logger(__name__)


class RedisBell:
    """One connection listens for this process, and is made anew whatever becomes of Redis."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._ringing = Coalesced(self._publish)
        self._away = False

    async def ring(self, _event: Event | None = None) -> None:
        self._ringing.ask()

    async def listen(self, heard: Callable[[], None]) -> None:
        while True:
            channel = self._link.client.pubsub()
            try:
                await channel.subscribe(_CHANNEL)
                await self._follow(channel, heard)
            except self._link.failures as error:
                if not self._away:
                    self._away = True
                    log.warning("live.redis_away", cause=type(error).__name__)
            finally:
                # One that is frozen would not let go.
                with suppress(*self._link.failures):
                    async with asyncio.timeout(self._link.patience):
                        await channel.aclose()
            await asyncio.sleep(_RETRY_SECONDS)

    async def close(self) -> None:
        await self._ringing.close(_GRACE)

    async def _follow(self, channel: Any, heard: Callable[[], None]) -> None:
        """Until it breaks. Raises one of the link's failures."""
        spoke = monotonic()
        while monotonic() - spoke < _SILENCE_SECONDS:
            message = await channel.get_message(timeout=_PING_SECONDS)
            if message is None:
                await channel.ping()
                continue
            spoke = monotonic()
            if self._away:
                self._away = False
                log.info("live.redis_back")
            if message["type"] != "pong":
                # Also that it was subscribed to: something may have been rung before.
                heard()
        raise TimeoutError

    async def _publish(self) -> None:
        # Whoever is not told hears of it all the same: everybody looks once a second.
        with suppress(RedisAwayError):
            await self._link.run(lambda: self._link.client.publish(_CHANNEL, b""))
