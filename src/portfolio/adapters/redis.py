"""One Redis, and the knowledge whether it is there."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar

import structlog

from portfolio.core.config import RedisSettings

PATIENCE = 0.08  # seconds for an answer: whoever waits for us waits 100 ms at most
OPEN_SECONDS = 5.0
MAX_CONNECTIONS = 16

T = TypeVar("T")
log = structlog.get_logger(__name__)


class RedisAwayError(Exception):
    """It did not answer, or did not a moment ago; do without."""


class RedisLink:
    """A circuit breaker around one client.

    Once Redis does not answer nobody asks it for 5 s; then one does, and the others follow if it
    is back.
    """

    def __init__(
        self, url: str, patience: float = PATIENCE, clock: Callable[[], float] = monotonic
    ) -> None:
        # Costs 40 ms, which only those pay who have one.
        asyncio_redis = importlib.import_module("redis.asyncio")
        failures = importlib.import_module("redis.exceptions")
        backoff = importlib.import_module("redis.backoff")
        retry = importlib.import_module("redis.asyncio.retry")
        self.client: Any = asyncio_redis.Redis.from_url(
            url,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=retry.Retry(backoff.NoBackoff(), 0),
        )
        self._broken: type[Exception] = failures.ConnectionError
        self.failures: tuple[type[Exception], ...] = (failures.RedisError, OSError, TimeoutError)
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)
        self.patience = patience
        self._clock = clock
        self._open_until = 0.0
        self._away = False

    async def run(self, ask: Callable[[], Awaitable[T]], *, insist: bool = False) -> T:
        """What `ask` gets from the client. Raises RedisAwayError once it takes too long.

        May ask twice. `insist`: try also within the 5 s.
        """
        async with self._places:
            # Whoever waited for a place may learn here that waiting is in vain.
            if self._away and not insist:
                self._require_turn()
            try:
                async with asyncio.timeout(self.patience):
                    try:
                        answer = await ask()
                    except self._broken:
                        # Perhaps a connection from before a restart: a new one will tell.
                        answer = await ask()
            except self.failures as error:
                self._open(error)
                raise RedisAwayError from error
        if self._away:
            self._away = False
            log.info("redis.back")
        return answer

    async def state(self) -> str:
        """`up` or `unreachable`."""
        try:
            await self.run(self.client.ping)
        except RedisAwayError:
            return "unreachable"
        return "up"

    async def close(self) -> None:
        await self.client.aclose()

    def _require_turn(self) -> None:
        now = self._clock()
        if now < self._open_until:
            raise RedisAwayError
        # One asks; for the others it is still away.
        self._open_until = now + OPEN_SECONDS

    def _open(self, error: Exception) -> None:
        self._open_until = self._clock() + OPEN_SECONDS
        if not self._away:
            self._away = True
            log.warning("redis.away", cause=type(error).__name__)


def create_redis(settings: RedisSettings) -> RedisLink | None:
    """Connects to nothing yet; None where none is configured."""
    return RedisLink(settings.url, PATIENCE) if settings.url else None
