"""A process that asks its own application, without sockets, and prints where the time went.

A boundary stands around each layer and takes the time in which a request is inside of it, without
the time in which the layers around it send the answer on; what two neighbours differ by is the
layer between them. A profiler would charge each call of a function and so distort the picture.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter_ns
from typing import Any

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portfolio.api.answers import Answer
from portfolio.api.middleware.stack import Application
from portfolio.db import prepared
from portfolio.main import create_app
from portfolio.wiring import Services

CALLS, WARM_UP = 2_000, 300
GOOD = (200, 304)
MICROSECOND = 1_000
WHOLE, OUTSIDE, COST = "all layers together", "FastAPI's own layers", "the timer itself"
SERVICE, STATEMENTS, WRITTEN = "service, repository", "SQLite", "JSON"

Header = tuple[bytes, bytes]


class Boundary:
    """Passes everything on. `taken` are nanoseconds inside, of one request after the other."""

    def __init__(self, app: ASGIApp, taken: list[int]) -> None:
        self.app = app
        self._taken = taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        outside = 0

        async def send_outwards(message: Message) -> None:
            nonlocal outside
            start = perf_counter_ns()
            await send(message)
            outside += perf_counter_ns() - start

        start = perf_counter_ns()
        await self.app(scope, receive, send_outwards)
        self._taken.append(perf_counter_ns() - start - outside)


class Timed:
    """The time in some functions, of one request after the other."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = {}

    def coroutine(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        async def timed(*args: Any, **options: Any) -> Any:
            start = perf_counter_ns()
            try:
                return await call(*args, **options)
            finally:
                self.spent[name] = self.spent.get(name, 0) + perf_counter_ns() - start

        return timed

    def function(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            start = perf_counter_ns()
            try:
                return call(*args, **options)
            finally:
                self.spent[name] = self.spent.get(name, 0) + perf_counter_ns() - start

        return timed


async def ask(app: ASGIApp, path: str, headers: list[Header]) -> tuple[int, dict[bytes, bytes]]:
    """The nanoseconds that it took, and the headers of the answer. Raises ValueError for an error."""
    plain, _, query = path.partition("?")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000"), *headers],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    answered: Message = {}

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal answered
        if message["type"] == "http.response.start":
            answered = message

    start = perf_counter_ns()
    await app(scope, receive, send)
    spent = perf_counter_ns() - start
    if answered["status"] not in GOOD:
        raise ValueError(f"{path} is answered with {answered['status']}")
    return spent, dict(answered["headers"])


async def _whole(path: str, headers: list[Header]) -> dict[str, float]:
    """The application as it is served."""
    app = create_app()
    async with app.router.lifespan_context(app):
        taken = [(await ask(app, path, headers))[0] for _ in range(WARM_UP + CALLS)]
    return {WHOLE: median(taken[WARM_UP:]) / MICROSECOND}


async def _by_layer(path: str, headers: list[Header]) -> dict[str, float]:
    app, timed = create_app(), Timed()
    assert isinstance(app, Application)
    names, times = _instrument(app, timed)
    within: list[Mapping[str, int]] = []
    async with app.router.lifespan_context(app):
        for _ in range(WARM_UP + CALLS):
            timed.spent = {}
            await ask(app, path, headers)
            within.append(timed.spent)
            # A layer that answers by itself is the last one that has anything to show.
            for taken in times:
                taken.extend([0] * (len(within) - len(taken)))
    own: dict[str, list[int]] = {}
    for name, outer, inner in zip(names, times, [*times[1:], [0] * len(within)], strict=True):
        own[name] = [a - b for a, b in zip(outer, inner, strict=True)]
    for name in (SERVICE, STATEMENTS, WRITTEN):
        own[name] = [parts.get(name, 0) for parts in within]
    found = {name: median(taken[WARM_UP:]) / MICROSECOND for name, taken in own.items()}
    cost = found.pop(COST)
    reached = {name for name, taken in zip(names, times, strict=True) if any(taken[WARM_UP:])}
    for name in reached - {COST}:
        found[name] = max(0.0, found[name] - cost)
    found[names[-1]] = max(0.0, found[names[-1]] - found[SERVICE] - found[WRITTEN])
    found[SERVICE] -= found[STATEMENTS]
    return found


def _instrument(app: Application, timed: Timed) -> tuple[list[str], list[list[int]]]:
    """Put a boundary before each layer, two before the first, and time what the last one calls."""
    front, inner = _in_front(app), list(app.user_middleware)
    names = [COST, *map(_name, front), OUTSIDE, *(_name(layer.cls) for layer in inner)]
    times: list[list[int]] = [[] for _ in names]
    outer, within = times[: len(front) + 2], times[len(front) + 2 :]
    for layer, taken in zip(front, outer[2:], strict=True):
        layer.app = Boundary(layer.app, taken)
    app.front = Boundary(Boundary(app.front, outer[1]), outer[0])
    app.user_middleware[:] = []
    for layer, taken in zip(inner, within, strict=True):
        app.user_middleware += [Middleware(Boundary, taken=taken), layer]
    services: Services = app.state.services
    for name in ("page", "read"):
        call = getattr(services.posts, name)
        setattr(services.posts, name, timed.coroutine(SERVICE, call))
    for owner, name, label in (
        (Answer, "ready", WRITTEN),
        (prepared._Plan, "rows", STATEMENTS),  # noqa: SLF001 - there is no public name for it
    ):
        setattr(owner, name, timed.function(label, getattr(owner, name)))
    return names, times


def _in_front(app: Application) -> list[Any]:
    """The layers before those of FastAPI, the outermost first."""
    found: list[Any] = []
    layer: Any = app.front
    while hasattr(layer, "app"):
        found.append(layer)
        layer = layer.app
    return found


def _name(layer: Any) -> str:
    cls = layer if isinstance(layer, type) else type(layer)
    return cls.__name__.removesuffix("Middleware")


async def _case(path: str, *, unchanged: bool) -> dict[str, float]:
    headers: list[Header] = []
    if unchanged:
        app = create_app()
        async with app.router.lifespan_context(app):
            _, answered = await ask(app, path, [])
            headers = [(b"if-none-match", answered[b"etag"])]
    # First as it is: instrumenting also reaches what all applications of a process share.
    return {**await _whole(path, headers), **await _by_layer(path, headers)}


def main() -> None:
    path, kind = sys.argv[1:]
    print(json.dumps(asyncio.run(_case(path, unchanged=kind == "304"))))


if __name__ == "__main__":
    main()
