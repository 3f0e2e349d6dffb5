"""Many WebSockets in a process of its own, read with as little work as it takes.

`python -m benchmarks.listening HOST:PORT TOPIC COUNT`: says `ready` once all have subscribed, and
after each line on standard input, when the last of them had the next message (perf_counter).
With `stall` as a fourth word they read nothing from then on.
"""

import asyncio
import json
import os
import socket
import struct
import sys
from time import perf_counter

ORIGIN = "https://folio.example"
AT_ONCE = 50
PATIENCE = 60
SMALLEST = 4096  # bytes that the kernel keeps for whoever does not read
TEXT, PING, PONG = 0x81, 0x89, 0x8A
SHORT, MEDIUM = 126, 127


class Listener(asyncio.Protocol):
    """A client of RFC 6455 that looks at the heads of frames only."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._is_open = False
        self._heard: asyncio.Future[float] = self._loop.create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._is_open, self._buffer = True, rest
            self._hear()
        while (size := _frame(self._buffer)) and len(self._buffer) >= size:
            kind, content = self._buffer[0], bytes(self._buffer[2:size])
            del self._buffer[:size]
            if kind == PING:
                self.say(content, PONG)
            elif kind == TEXT:
                self._hear()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._heard.done():
            self._heard.set_exception(error or ConnectionResetError())

    def say(self, text: bytes, kind: int = TEXT) -> None:
        """Masked with zeros, which is as good a mask as any between two processes of ours."""
        assert len(text) < SHORT
        self.transport.write(bytes([kind, 0x80 | len(text), 0, 0, 0, 0]) + text)

    async def next(self) -> float:
        """When the next message came, or has come."""
        moment = await self._heard
        self._heard = self._loop.create_future()
        return moment

    def _hear(self) -> None:
        if not self._heard.done():
            self._heard.set_result(perf_counter())


def _frame(buffer: bytearray) -> int:
    """The bytes of the frame at the beginning; 0 while that is unknown."""
    if len(buffer) < 4:  # noqa: PLR2004 - kind, and a length of one or three bytes
        return 2 if len(buffer) >= 2 and not buffer[1] else 0  # noqa: PLR2004 - an empty one
    if buffer[1] < SHORT:
        return 2 + buffer[1]
    return int(4 + struct.unpack_from(">H", buffer, 2)[0])


async def _open(host: str, port: int, topic: str, *, small: bool) -> Listener:
    raw = socket.socket()
    if small:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, port))
    _, listener = await loop.create_connection(Listener, sock=raw)
    listener.transport.write(
        f"GET /api/v1/ws HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {ORIGIN}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await listener.next()
    for said in ({"type": "auth"}, {"type": "subscribe", "topic": topic}):
        listener.say(json.dumps(said).encode())
        await listener.next()
    return listener


async def _run(host: str, port: int, topic: str, count: int, *, stalls: bool) -> None:
    everybody: list[Listener] = []
    for start in range(0, count, AT_ONCE):
        many = range(start, min(start + AT_ONCE, count))
        everybody += await asyncio.gather(*(_open(host, port, topic, small=stalls) for _ in many))
    if stalls:
        for each in everybody:
            each.transport.pause_reading()
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        async with asyncio.timeout(PATIENCE):
            moments = await asyncio.gather(*(each.next() for each in everybody))
        print(max(moments), flush=True)
    # Without a farewell from each.
    os._exit(0)


if __name__ == "__main__":
    place, subject, number, *how = sys.argv[1:]
    where, _, port_number = place.partition(":")
    asyncio.run(_run(where, int(port_number), subject, int(number), stalls=bool(how)))
