"""Files on their way to a server, also as no client would send them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from tests.factories.servers import Server
from tests.factories.users import bearing
from tests.factories.visitors import Owner

LIBRARY = "/api/v1/images"
BOUNDARY = b"frontier"


async def upload(
    owner: Owner, content: bytes, to: str = LIBRARY, name: str = "a.jpg"
) -> httpx2.Response:
    files = {"file": (name, content)}
    return await owner.client.post(to, files=files, headers=authority(owner))


def authority(owner: Owner) -> dict[str, str]:
    return bearing(owner.tokens["access_token"])


def form(content: bytes, name: bytes = b'"a.jpg"') -> bytes:
    """RFC 7578; `name` stands there as it is."""
    head = b'Content-Disposition: form-data; name="file"; filename=%b\r\n\r\n' % name
    return b"--%b\r\n%b%b\r\n--%b--\r\n" % (BOUNDARY, head, content, BOUNDARY)


class Wire:
    """A connection on which an upload begins."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def begin(self, owner: Owner, *fields: str) -> None:
        """Of a form in the library."""
        lines = [
            f"POST {LIBRARY} HTTP/1.1",
            "Host: localhost",
            *(": ".join(pair) for pair in authority(owner).items()),
            f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}",
            *fields,
        ]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def send(self, content: bytes) -> None:
        self._writer.write(content)
        await self._writer.drain()

    def end(self) -> None:
        """Nothing more comes; answers are still welcome."""
        self._writer.write_eof()

    async def line(self) -> bytes:
        return await self._reader.readline()

    async def answer(self) -> tuple[int, bytes]:
        """Status and body."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\ncontent-length: *(\d+)", head)
        assert length is not None, head
        return int(head.split()[1]), await self._reader.readexactly(int(length[1]))

    async def rest(self) -> bytes:
        """Until the server ends the connection."""
        return await self._reader.read()


@asynccontextmanager
async def wire(server: Server) -> AsyncIterator[Wire]:
    there = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(there.hostname, there.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


class Disk:
    """All places of a server where something of an upload may lie."""

    def __init__(self, server: Server, temporary: Path) -> None:
        self.media = server.data_dir / "media"
        self._half_done = server.data_dir / "run" / "staging", temporary

    def kept(self) -> set[Path]:
        return files_below(self.media)

    async def is_busy(self) -> bool:
        """Something lies there that is not complete."""
        return any(map(files_below, self._half_done))

    async def is_idle(self) -> bool:
        return not await self.is_busy()


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}
