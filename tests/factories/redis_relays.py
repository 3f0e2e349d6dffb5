"""A way to Redis that can be cut for whoever takes it, while others still reach it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.factories.redis import RedisServer

CHUNK = 65_536


class RedisRelay:
    def __init__(self, redis: RedisServer) -> None:
        self.socket = redis.socket.with_name("relay")
        self.url = f"unix://{self.socket}"
        self._redis: Path = redis.socket
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.close()
            return
        there_reader, there_writer = await asyncio.open_unix_connection(self._redis)
        self._writers |= {writer, there_writer}
        await asyncio.gather(_pass(reader, there_writer), _pass(there_reader, writer))
        self._writers -= {writer, there_writer}

    def cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._is_cut = False


@asynccontextmanager
async def redis_relay(redis: RedisServer) -> AsyncIterator[RedisRelay]:
    relay = RedisRelay(redis)
    async with await asyncio.start_unix_server(relay.serve, relay.socket):
        yield relay
        relay.cut()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while said := await reader.read(CHUNK):
            writer.write(said)
    writer.close()
