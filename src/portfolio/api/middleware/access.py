"""One log line and one measurement for each answer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portfolio.api.middleware.context import context_of
from portfolio.api.ready import BYPASS, HIT, MISS
from portfolio.core.context import enter

REQUESTS = Counter(
    "http_requests_total", "Answers by route template", ["method", "route", "status"]
)
DURATION = Histogram(
    "http_request_duration_seconds",
    "Seconds until the answer was handed to the server",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CACHE = Counter("http_cache_requests_total", "Reads by what the cache did", ["result"])
OPEN = Gauge(
    "live_connections", "Live connections that are open", ["kind"], multiprocess_mode="livesum"
)
CLOSED = Counter(
    "websockets_closed_total",
    "WebSockets by the code of their end, or the status of a refusal",
    ["code"],
)
_OURS = {401, 403, 429, 503, 1000, 1001, 1003, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 4401, 4403}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# A probe every few seconds is worth a line only to somebody who looks for it.
_PROBES = ("/health", "/metrics")
_MAX_PATH = 512
_SAMPLE_SECONDS = 0.1


class AccessLog:
    """Logs the path and never the query, in which a mail link may carry its token."""

    def __init__(self) -> None:
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.cache = {result: CACHE.labels(result) for result in (HIT, MISS, BYPASS)}
        self._hits: dict[tuple[str, str, int], int] | None = None

    @cached_property
    def _log(self) -> Any:
        # Bound once, to what is configured when the first answer leaves.
        return structlog.get_logger(__name__).bind()

    def record(self, scope: Scope, route: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        key = (method, route, status)
        if key not in self._children:
            self._children[key] = (
                REQUESTS.labels(method, route, str(status)),
                DURATION.labels(method, route),
            )
        requests, duration = self._children[key]
        requests.inc()
        duration.observe(seconds)
        self._write(scope, method, route, status, seconds)

    def record_hit(
        self, scope: Scope, request_id: bytes, route: str, status: int, started: float
    ) -> None:
        """An answer that was there already; it says nothing about how long one takes to make.

        A tenth of a second has one line of its own, and one for all the others of a route.
        """
        key = (scope["method"], route, status)
        if self._hits is not None:
            self._hits[key] = self._hits.get(key, 0) + 1
            return
        self._hits = {}
        asyncio.get_running_loop().call_later(_SAMPLE_SECONDS, self._sum_up)
        REQUESTS.labels(*key).inc()
        self.cache[HIT].inc()
        enter(context_of(scope, request_id))
        self._write(scope, *key, perf_counter() - started)

    def _sum_up(self) -> None:
        hits, self._hits = self._hits or {}, None
        for (method, route, status), count in hits.items():
            REQUESTS.labels(method, route, status).inc(count)
            self.cache[HIT].inc(count)
            self._log.info("requests", method=method, route=route, status=status, hits=count)

    def _write(self, scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
        path = scope["path"]
        write = self._log.debug if path.startswith(_PROBES) else self._log.info
        write(
            "request",
            method=method,
            path=path[:_MAX_PATH],
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
        )


@contextmanager
def open_connections(kind: str) -> Iterator[None]:
    """One more of them in the metrics."""
    gauge = OPEN.labels(kind)
    gauge.inc()
    try:
        yield
    finally:
        gauge.dec()


def log_connection(path: str, code: int, seconds: float) -> None:
    """The one line of a WebSocket, once it is closed or refused."""
    CLOSED.labels(str(code) if code in _OURS else "other").inc()
    log = structlog.get_logger(__name__)
    log.info("websocket", path=path, status=code, seconds=round(seconds, 1))


class AccessMiddleware:
    def __init__(self, app: ASGIApp, log: AccessLog) -> None:
        self.app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            # Without an answer the client went away first; nginx's number for it.
            self._log.record(scope, route_template(scope), status or 499, perf_counter() - started)


def route_template(scope: Scope) -> str:
    """The path as it was declared, prefix included: few values, whatever clients ask for."""
    included = scope.get("fastapi", {}).get("effective_route_context")
    if included is not None:
        return str((included.starlette_route or included).path_format)
    # A mount moves what it matched from the path to root_path.
    mount: str = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    route = scope.get("route")
    if isinstance(route, Route):
        return mount + route.path_format
    return f"{mount}/{{path}}" if "app_root_path" in scope else "unmatched"
