"""Bells that other processes hear."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.factories.redis import RedisServer, running_redis
from tests.factories.servers import eventually

from portfolio.adapters.bell import Bell
from portfolio.adapters.bell.host import HostBell
from portfolio.adapters.bell.remote import RedisBell
from portfolio.adapters.redis import RedisLink


@asynccontextmanager
async def listening(bell: Bell) -> AsyncIterator[asyncio.Event]:
    heard = asyncio.Event()
    task = asyncio.create_task(bell.listen(heard.set))
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.wait([task])


async def rings_until(bell: Bell, heard: asyncio.Event) -> None:
    """Who listens may yet have to connect."""

    async def look() -> bool:
        await bell.ring()
        return heard.is_set()

    await eventually(look)


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with running_redis() as server:
        yield server


class TestHostBell:
    async def test_is_heard_by_other_processes(self, tmp_path: Path) -> None:
        here, there = HostBell(tmp_path / "bell"), HostBell(tmp_path / "bell")
        async with listening(there) as heard:
            await rings_until(here, heard)
        await here.close()
        await there.close()

    async def test_is_silent_of_what_was_before(self, tmp_path: Path) -> None:
        bell = HostBell(tmp_path / "bell")
        await bell.ring()
        async with listening(bell) as heard:
            await asyncio.sleep(0.1)
            assert not heard.is_set()
        await bell.close()


@pytest.mark.requirement("84")
class TestRedisBell:
    async def test_is_heard_by_others(self, redis: RedisServer) -> None:
        links = [RedisLink(redis.url, patience=5) for _ in range(2)]
        here, there = map(RedisBell, links)
        async with listening(there) as heard:
            await rings_until(here, heard)
        for bell, link in zip((here, there), links, strict=True):
            await bell.close()
            await link.close()

    @pytest.mark.parametrize("way", ["kill", "freeze"])
    async def test_is_heard_again_once_redis_is_back(
        self, redis: RedisServer, way: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, seconds in (("_PING_SECONDS", 0.1), ("_SILENCE_SECONDS", 0.3)):
            monkeypatch.setattr(f"portfolio.adapters.bell.remote.{name}", seconds)
        monkeypatch.setattr("portfolio.adapters.redis.OPEN_SECONDS", 0.1)
        link = RedisLink(redis.url, patience=0.5)
        bell = RedisBell(link)

        async def is_away() -> bool:
            await bell.ring()
            return bell._away

        async def is_back() -> bool:
            return not bell._away

        async with listening(bell) as heard:
            await rings_until(bell, heard)
            if way == "kill":
                redis.kill()
            else:
                redis.freeze()
            await eventually(is_away)
            if way == "kill":
                await redis.start()
            else:
                redis.thaw()
            heard.clear()
            await rings_until(bell, heard)
            await eventually(is_back)
        await bell.close()
        await link.close()
