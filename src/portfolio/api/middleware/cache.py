"""Answers that are there already: the outermost layer, which spares a hit all the others.

An answer is kept if a stranger asked, anybody may see it, and its reads noted what it depends on
(core/cache_tags.py). It is never older than the last change that was acknowledged: every hit looks
whether one of its tags was raised since the reads that it was made of.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portfolio.adapters.cache import Cache, CacheAwayError
from portfolio.adapters.limiter import LimitName, Limits, bucket
from portfolio.api.conditional import CACHE_TAGS
from portfolio.api.middleware.access import AccessLog, route_template
from portfolio.api.middleware.context import client_of
from portfolio.api.middleware.hosts import Hosts
from portfolio.api.ready import (
    BYPASS,
    HIT,
    LIMIT_FIELDS,
    MISS,
    X_CACHE,
    Asked,
    Header,
    Ready,
    is_for_everybody,
)
from portfolio.core import cache_tags
from portfolio.core.clock import utc_now
from portfolio.core.errors import AppError
from portfolio.services.schedule import Schedule

MAX_BODY = 1024 * 1024
# Whoever sends one of these wants something else than everybody does.
_PERSONAL = frozenset(
    {b"authorization", b"cookie", b"range", b"content-length", b"transfer-encoding"}
)
_READS = frozenset({"GET", "HEAD"})
_OK = 200


class CacheMiddleware:
    """X-Cache tells whether an answer was there (`hit`), was made (`miss`), or is none for it.

    Cache-Tag names what it depends on, for a CDN that is purged by tag. A hit counts in the
    metrics, in the log and against the rate limit; beyond that the layers further in refuse it.
    """

    def __init__(
        self,
        app: ASGIApp,
        cache: Cache,
        schedule: Schedule,
        limits: Limits,
        access: AccessLog,
        hosts: Hosts,
        origins: Iterable[str],
    ) -> None:
        self.app = app
        self._cache = cache
        self._schedule = schedule
        self._limits = limits
        self._access = access
        self._hosts = hosts
        self._origins = {origin.encode() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") not in _READS:
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        asked = self._asked(scope)
        if asked is None:
            await self._bypass(scope, receive, send)
            return
        try:
            ready = await self._find(asked)
        except CacheAwayError:
            await self._bypass(scope, receive, send)
            return
        if ready is None:
            await self._make(asked, scope, receive, send)
            return
        fields = await self._limits.spend(LimitName.READS, bucket(client_of(scope)))
        if fields is None:
            # It refuses as it refuses everybody.
            await self._bypass(scope, receive, send)
            return
        status = await ready.send(asked, HIT, fields, send)
        self._access.record_hit(scope, asked.request_id, ready.route, status, started)

    def _asked(self, scope: Scope) -> Asked | None:
        """None for a request that wants something else than every stranger."""
        headers = dict(scope["headers"])
        if not _PERSONAL.isdisjoint(headers) or not self._hosts.welcome(scope):
            return None
        origin = headers.get(b"origin")
        return Asked(scope, headers, origin if origin in self._origins else None)

    async def _find(self, asked: Asked) -> Ready | None:
        """What is kept, or will be in a moment. None for whoever is to make it.

        Raises CacheAwayError.
        """
        asked.since = await self._cache.position()
        ready: Ready | None = self._cache.get(asked.key)
        if ready is None and not asked.head:
            asked.claimed = await self._cache.claim(asked.key)
            if not asked.claimed:
                asked.since = await self._cache.position()
                ready = self._cache.get(asked.key)
        return ready

    async def _make(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the layers further in answer, and keep the answer if it is for everybody."""
        if asked.head:
            await self._bypass(scope, receive, send)
            return
        asked.normalise(scope)
        tags = scope[CACHE_TAGS] = cache_tags.collect()
        began = utc_now()
        held: Message | None = None

        async def send_and_keep(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                if message["status"] == _OK and tags:
                    held = message
                    return
                self._pass(asked, message)
            elif held is not None:
                start, held = held, None
                if not message.get("more_body"):
                    body = message.get("body", b"")
                    route = route_template(scope)
                    result, ready = await self._keep(
                        asked, start["headers"], body, route, tags, began
                    )
                    more = [header for header in start["headers"] if header[0] in LIMIT_FIELDS]
                    await ready.send(asked, result, more, send)
                    return
                self._pass(asked, start)
                await send(start)
            await send(message)

        try:
            await self.app(scope, receive, send_and_keep)
        finally:
            self._release(asked)

    async def _keep(
        self,
        asked: Asked,
        headers: list[Header],
        body: bytes,
        route: str,
        tags: set[str],
        began: datetime,
    ) -> tuple[str, Ready]:
        result, until = BYPASS, 0.0
        if is_for_everybody(headers) and len(body) <= MAX_BODY:
            with suppress(AppError, CacheAwayError):
                until = await self._schedule.end_of(tags, began)
                result = MISS
        ready = Ready.of(headers, body, tags if result == MISS else set(), route)
        if result == MISS:
            size = ready.size + len(asked.key[0]) + len(asked.key[1])
            self._cache.set(asked.key, ready, tags=tags, since=asked.since, size=size, until=until)
        # Before the first byte is sent: nobody waits for this client to take it.
        self._release(asked)
        self._access.cache[result].inc()
        return result, ready

    async def _bypass(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_say(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], X_CACHE[BYPASS]]
            await send(message)

        self._access.cache[BYPASS].inc()
        await self.app(scope, receive, send_and_say)

    def _pass(self, asked: Asked, start: Message) -> None:
        """This answer is not kept."""
        self._release(asked)
        self._access.cache[BYPASS].inc()
        start["headers"] = [*start["headers"], X_CACHE[BYPASS]]

    def _release(self, asked: Asked) -> None:
        if asked.claimed:
            asked.claimed = False
            self._cache.release(asked.key)
