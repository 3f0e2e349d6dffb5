"""What no cache may be: one that only time makes forget."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from urllib.parse import urlsplit

from tests.factories.servers import HOST

SECONDS = 0.3


class StaleCache:
    """Answers what it was asked within the last 300 ms as it did then."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._kept: dict[bytes, tuple[float, bytes]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request without a body, and its answer."""
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            # Whoever connected has nothing to ask any more.
            writer.close()
            return
        made, answer = self._kept.get(asked, (0.0, b""))
        if monotonic() - made > SECONDS:
            made = monotonic()
            answer = await self._fetch(asked)
            self._kept[asked] = made, answer
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async def _fetch(self, asked: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        writer.write(asked[:-2] + b"Connection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


@asynccontextmanager
async def stale_cache(url: str) -> AsyncIterator[str]:
    """In front of a server; its address."""
    server = await asyncio.start_server(StaleCache(url).serve, HOST, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://{HOST}:{port}"
