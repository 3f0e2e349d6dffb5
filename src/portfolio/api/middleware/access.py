"""One log line and one measurement for each answer."""

from time import perf_counter

import structlog
from prometheus_client import Counter, Histogram
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter(
    "http_requests_total", "Answers by route template", ["method", "route", "status"]
)
DURATION = Histogram(
    "http_request_duration_seconds",
    "Seconds until the answer was handed to the server",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# A probe every few seconds is worth a line only to somebody who looks for it.
_PROBES = ("/health", "/metrics")
_MAX_PATH = 512


class AccessMiddleware:
    """Logs the path and never the query, in which a mail link may carry its token."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._log = structlog.get_logger(__name__).bind()
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

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
            self._record(scope, status or 499, perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = route_template(scope)
        key = (method, route, status)
        if key not in self._children:
            self._children[key] = (
                REQUESTS.labels(method, route, str(status)),
                DURATION.labels(method, route),
            )
        requests, duration = self._children[key]
        requests.inc()
        duration.observe(seconds)
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
