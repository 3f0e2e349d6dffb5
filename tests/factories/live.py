"""Pages that are open: clients of WebSockets and event streams, on a real server in this process."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2
import uvicorn
from fastapi import FastAPI
from tests.factories.servers import HOST, eventually, free_port
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from portfolio.cli.serving.draining import DrainingServer
from portfolio.models.live import Audience, LiveType
from portfolio.wiring import Services

ORIGIN = "https://folio.example"
PATH, STREAM = "/api/v1/ws", "/api/v1/events"
SOON = 30  # seconds, on the slowest machine


async def tell(
    services: Services,
    topic: str,
    kind: LiveType = LiveType.COMMENT_CREATED,
    audience: Audience = Audience.EVERYONE,
    **data: Any,
) -> None:
    async with services.database.transaction() as db:
        await services.live.tell(db, topic, kind, data, audience)


class Page:
    """A WebSocket that is open."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, kind: str, **content: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **content}))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(SOON):
            heard: dict[str, Any] = json.loads(await self.socket.recv())
        return heard

    async def ask(self, kind: str, **content: Any) -> dict[str, Any]:
        await self.say(kind, **content)
        return await self.hear()

    async def follow(self, *topics: str, token: str | None = None) -> Self:
        """Sign in, as a guest without a token, and subscribe."""
        said = {"token": token} if token else {}
        assert (await self.ask("auth", **said))["type"] == "ready"
        for topic in topics:
            assert (await self.ask("subscribe", topic=topic))["type"] == "subscribed"
        return self

    async def nothing_more(self) -> None:
        """Whatever was under way to this page would have come before the answer to a question."""
        assert (await self.ask("ping"))["type"] == "pong"

    async def closed(self) -> int:
        """The code with which the server closes it; what comes before that is passed over."""
        async with asyncio.timeout(SOON):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed as end:
                return end.rcvd.code if end.rcvd else 1006


@asynccontextmanager
async def open_page(url: str, **options: Any) -> AsyncIterator[Page]:
    options.setdefault("origin", ORIGIN)
    address = url.replace("http", "ws", 1) + options.pop("path", PATH)
    async with connect(address, proxy=None, **options) as socket:
        yield Page(socket)


@dataclass
class Heard:
    """One event of a stream."""

    fields: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Any:
        return json.loads(self.fields["data"])


class Stream:
    """A stream of events that is open."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Heard:
        """The next block, be it an event or not. Raises StopAsyncIteration at the end."""
        heard = Heard()
        async with asyncio.timeout(SOON):
            while line := await anext(self._lines):
                name, _, value = line.partition(":")
                heard.fields[name] = value.strip()
        return heard


@asynccontextmanager
async def open_stream(
    url: str, *topics: str, headers: dict[str, str] | None = None, **query: str
) -> AsyncIterator[Stream]:
    asked = {"topic": list(topics), **query}
    client = httpx2.AsyncClient(base_url=url, timeout=60)
    async with client, client.stream("GET", STREAM, params=asked, headers=headers) as response:
        yield Stream(response)


class _Server(DrainingServer):
    """Its end is not that of the process."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await uvicorn.Server.shutdown(self, sockets)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The address of an app whose lifespan has begun elsewhere, served from this process."""
    port = free_port()
    server = _Server(app)
    server.config.host, server.config.port, server.config.lifespan = HOST, port, "off"

    async def has_started() -> bool:
        return server.started

    serving = asyncio.create_task(server._serve())
    try:
        await eventually(has_started)
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        await serving
