"""HEAD wherever GET is, OPTIONS and an honest Allow everywhere, TRACE nowhere (RFC 9110, 9.3)."""

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette._utils import get_route_path
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portfolio.api.problem import problem
from portfolio.core.errors import MethodNotAllowedException

Header = tuple[bytes, bytes]

_ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def allowed_methods(scope: Scope) -> str:
    """Every method of every route at this path, as an Allow header; empty where nothing is."""
    app: FastAPI = scope["app"]
    path = get_route_path(scope)
    found: set[str] = set()
    for route in iter_route_contexts(app.routes):
        if route.methods and route.path_regex.match(path):
            found |= route.methods
    if found:
        found |= {"OPTIONS", *(("HEAD",) if "GET" in found else ())}
    return ", ".join(method for method in _ORDER if method in found)


class _HeadersAreEnough(OSError):
    """Stops a file from being read for a HEAD: to the sender the client seems to be gone."""


class MethodsMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method == "HEAD":
            await self._head(scope, receive, send)
        elif method == "TRACE":
            refused = problem(
                MethodNotAllowedException,
                "TRACE is not offered",
                headers={"Allow": allowed_methods(scope)},
            )
            await refused(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        stopped = False

        async def send_headers(message: Message) -> None:
            nonlocal stopped
            if message["type"] == "http.response.start":
                await send(message)
            elif not stopped:
                stopped = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                if message.get("more_body"):
                    raise _HeadersAreEnough

        # The server keeps its own scope: by that it knows that a HEAD has no body.
        asked: Scope = {**scope, "method": "GET", "headers": _without_range(scope["headers"])}
        try:
            await self.app(asked, receive, send_headers)
        except (_HeadersAreEnough, ClientDisconnect):
            if not stopped:
                raise
        finally:
            scope.update({**asked, "method": "HEAD"})


def _without_range(headers: Sequence[Header]) -> list[Header]:
    """Ranges are for GET alone (RFC 9110, 14.2)."""
    return [pair for pair in headers if pair[0] != b"range"]
