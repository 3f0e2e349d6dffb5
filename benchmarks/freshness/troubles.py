"""What may happen to a site while it is read and written."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from functools import partial

from tests.factories.redis import RedisServer
from tests.factories.redis_relays import RedisRelay
from tests.factories.servers import Server

from benchmarks.freshness.checker import Writing
from benchmarks.freshness.things import IMPORTED
from benchmarks.freshness.writing import Writers

# Seconds that Redis does not answer: less and more than anybody waits for it.
HICCUPS = (0.05, 0.1, 0.15, 0.5)
CALM = 6.0  # seconds after which all ask Redis again


def beside(trouble: Callable[[], Awaitable[object]]) -> Writing:
    """The usual writes, and this at the same time."""

    async def write(writers: Writers, seconds: float) -> None:
        task = asyncio.create_task(_forever(trouble))
        try:
            await writers.run(seconds)
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    return write


async def redis_fails(redis: RedisServer) -> None:
    """It stops for a moment, or dies and comes back empty."""
    await asyncio.sleep(random.uniform(0.5, 1.5))
    redis.freeze()
    await asyncio.sleep(random.choice(HICCUPS))
    redis.thaw()
    await asyncio.sleep(random.choice((0, 0.5, CALM)))
    redis.kill()
    await asyncio.sleep(random.uniform(0, 1))
    await redis.start()
    await asyncio.sleep(CALM)


async def redis_is_out_of_reach(relay: RedisRelay) -> None:
    """For one server, while the others go on with it."""
    await asyncio.sleep(2)
    relay.cut()
    await asyncio.sleep(random.uniform(0, 2))
    relay.mend()


async def worker_dies(server: Server) -> None:
    """Another one takes its place; the other goes on."""
    await asyncio.sleep(random.uniform(4, 8))
    workers = sorted(server.workers())
    if len(workers) > 1:
        os.kill(random.choice(workers), signal.SIGKILL)


def imports(server: Server) -> Writing:
    """The command line writes, and nobody else."""

    async def write(writers: Writers, seconds: float) -> None:
        folder = server.folder / "posts"
        folder.mkdir()
        loop, number = asyncio.get_running_loop(), 0
        until = loop.time() + seconds
        while loop.time() < until:
            number += 1
            for thing in IMPORTED:
                text = f"---\ntitle: {thing.name}-n{number}\ndate: 2020-01-01\n---\nText.\n"
                (folder / f"{thing.name}.md").write_text(text)
            await writers.write(number, partial(_import, server), *IMPORTED)

    return write


async def _import(server: Server, _number: int) -> None:
    done = await server.command("import", "markdown", str(server.folder / "posts"))
    if done.returncode:
        raise RuntimeError(done.stderr)


async def _forever(trouble: Callable[[], Awaitable[object]]) -> None:
    while True:
        await trouble()
