from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.factories.clocks import Clock
from tests.factories.redis import RedisServer, running_redis

from portfolio.adapters.limiter.counters import Counters, MemoryCounters
from portfolio.adapters.limiter.remote import RedisCounters
from portfolio.adapters.limiter.shared import SharedCounters
from portfolio.adapters.redis import RedisLink

# A busy machine may keep even a healthy Redis waiting for longer than the server would.
PATIENT = 30.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with running_redis() as server:
        yield server


@pytest.fixture
async def link(server: RedisServer, clock: Clock) -> AsyncIterator[RedisLink]:
    link = RedisLink(server.url, 0.5, clock)
    yield link
    await link.close()


@pytest.fixture
async def patient_link(server: RedisServer) -> AsyncIterator[RedisLink]:
    link = RedisLink(server.url, PATIENT)
    yield link
    await link.close()


@asynccontextmanager
async def memory(_folder: Path) -> AsyncIterator[Counters]:
    yield MemoryCounters()


@asynccontextmanager
async def shared(folder: Path) -> AsyncIterator[Counters]:
    counters = SharedCounters(folder / "run" / "limits")
    yield counters
    await counters.close()


@asynccontextmanager
async def redis(_folder: Path) -> AsyncIterator[Counters]:
    async with running_redis() as server:
        link = RedisLink(server.url, PATIENT)
        yield RedisCounters(link)
        await link.close()


@pytest.fixture(params=[memory, shared, redis])
async def counters(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Counters]:
    """Each kind of them: they differ in who sees what they count, and in nothing else."""
    async with request.param(tmp_path) as made:
        yield made
