"""The fence on whichever database the suite runs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.databases import scratch_database

from portfolio.core.config import DatabaseSettings, RedisSettings, Settings
from portfolio.db import migrate
from portfolio.db.engine import Engines, create_engines
from portfolio.db.fence import DatabaseFence


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with scratch_database(tmp_path) as empty:
        yield empty


@pytest.fixture
async def engines(url: str) -> AsyncIterator[Engines]:
    """As of a host that shares a Redis with others."""
    redis = RedisSettings(url="redis://localhost")
    made = create_engines(Settings(database=DatabaseSettings(url=url), redis=redis))
    await migrate.upgrade(made.write)
    yield made
    await made.dispose()


class TestFence:
    async def test_stays_where_it_is(self, engines: Engines) -> None:
        fence = DatabaseFence(engines)
        position = await fence.position()
        assert position is not None
        assert await fence.position() == position

    async def test_is_higher_for_everybody_once_it_was_raised(self, engines: Engines) -> None:
        here, there = DatabaseFence(engines), DatabaseFence(engines)
        before = await there.position()
        assert before is not None
        assert await here.raise_()
        after = await there.position()
        assert after is not None
        assert after > before

    async def test_counts_all_who_raise_it_at_once(self, engines: Engines) -> None:
        fences = [DatabaseFence(engines) for _ in range(10)]
        before = await fences[0].position()
        assert before is not None
        assert all(await asyncio.gather(*[fence.raise_() for fence in fences]))
        assert await fences[0].position() == before + len(fences)

    async def test_says_so_where_nobody_can_tell(self, engines: Engines) -> None:
        fence = DatabaseFence(engines)
        async with engines.write.begin() as connection:
            await connection.execute(text("DROP TABLE cache_fences"))
        assert await fence.position() is None
        assert not await fence.raise_()

    async def test_waits_for_no_connection_of_others(self, engines: Engines) -> None:
        if engines.fence is None:
            pytest.skip("SQLite has enough connections for all who read")
        taken: list[AsyncConnection] = []
        while len(taken) < engines.read.pool.size() + 20:  # type: ignore[attr-defined]  # a queue
            taken.append(await engines.read.connect())
        assert await DatabaseFence(engines).position() is not None
        for connection in taken:
            await connection.close()


def test_has_no_connections_of_its_own_on_one_host(url: str) -> None:
    assert create_engines(Settings(database=DatabaseSettings(url=url))).fence is None
