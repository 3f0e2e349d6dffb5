"""Takes hot reads straight to their endpoint, past the router and what FastAPI puts around routes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.types import ASGIApp, Receive, Scope, Send

from portfolio.api.express import Plan
from portfolio.api.route import Door, Handler


@dataclass(frozen=True, slots=True)
class Line:
    """A route that has a Plan; `found` is what FastAPI's router would have left in the scope."""

    path: re.Pattern[str]
    handle: Handler
    found: Mapping[str, Any]


class ExpressMiddleware:
    """The innermost layer. What goes wrong here is asked again in the ordinary way, and answered there.

    Only reads come here, so asking twice changes nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._lines: list[Line] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and not scope.get("root_path"):
            for line in self._known(scope["app"]):
                match = line.path.match(scope["path"])
                if match:
                    own = {**scope, "path_params": match.groupdict(), **line.found}
                    try:
                        answer = await line.handle(Request(own, receive))
                    except Exception:  # noqa: BLE001 - the ordinary way says and logs what it was
                        break
                    # Whoever measures this request wants to know its route.
                    scope.update(line.found)
                    await answer(scope, receive, send)
                    return
        await self.app(scope, receive, send)

    def _known(self, app: FastAPI) -> list[Line]:
        if self._lines is None:
            self._lines = [
                Line(found.path_regex, found.original_route.get_route_handler(), _left_by(found))
                for found in iter_route_contexts(app.routes)
                if isinstance(found.original_route, Door) and Plan.of(found.dependant)
            ]
        return self._lines


def _left_by(found: RouteContext) -> Mapping[str, Any]:
    context = found._route_context  # noqa: SLF001 - there is one for included routers
    if context is not None:
        return {"fastapi": {"effective_route_context": context}}
    return {"route": found.original_route}
