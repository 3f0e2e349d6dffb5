"""HTTP/1.1 over one connection, and no more than it takes: thousands of reads a second on one core."""

import asyncio
import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

SECONDS = 30
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
BODILESS = (204, 304)
# Whatever says that a connection is of no more use.
LOST = (OSError, EOFError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """Empty where there is none."""
        found = re.search(rb"(?i)\r\n" + name + rb": *([^\r]*)", self.head)
        return found[1] if found else b""


class Connection:
    """Opened by `async with`. All that fails of it is LOST."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(SECONDS):
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    async def ask(
        self, target: str, headers: Mapping[str, str], method: str = "GET", body: bytes = b""
    ) -> Answer:
        fields = {"Host": f"{self._host}:{self._port}", **headers}
        if method != "GET":
            fields["Content-Length"] = str(len(body))
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        async with asyncio.timeout(SECONDS):
            return await self._answer()

    async def _answer(self) -> Answer:
        head = await self._reader.readuntil(b"\r\n\r\n")
        answer = Answer(int(head.split(maxsplit=2)[1]), head, b"")
        if answer.status in BODILESS:
            return answer
        length = LENGTH.search(head)
        body = await (self._reader.readexactly(int(length[1])) if length else self._chunks())
        if answer.header(b"content-encoding") == b"gzip":
            body = gzip.decompress(body)
        return Answer(answer.status, head, body)

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return body
