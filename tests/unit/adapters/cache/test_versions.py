import asyncio
import fcntl
import multiprocessing
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.factories.clocks import Clock
from tests.factories.redis import RedisServer, running_redis

from portfolio.adapters.cache.remote import RedisVersions
from portfolio.adapters.cache.versions import (
    SLOTS,
    CacheAwayError,
    MappedVersions,
    MemoryVersions,
    Versions,
    slots_of,
)
from portfolio.adapters.redis import OPEN_SECONDS, RedisLink
from portfolio.core.environment import SettingsError

PATIENT = 30.0
POST, OTHER, TAG = slots_of(["post:17"]), slots_of(["post:18"]), slots_of(["tag:3"])


@asynccontextmanager
async def memory(_folder: Path) -> AsyncIterator[list[Versions]]:
    alone = MemoryVersions()
    yield [alone, alone]


@asynccontextmanager
async def mapped(folder: Path) -> AsyncIterator[list[Versions]]:
    path = folder / "run" / "cache"
    both = [MappedVersions(path), MappedVersions(path)]
    yield [*both]
    for versions in both:
        await versions.close()


@asynccontextmanager
async def remote(_folder: Path) -> AsyncIterator[list[Versions]]:
    async with running_redis() as server:
        links = [RedisLink(server.url, PATIENT), RedisLink(server.url, PATIENT)]
        both = [RedisVersions(link) for link in links]
        yield [*both]
        for versions, link in zip(both, links, strict=True):
            await versions.close()
            await link.close()


@pytest.fixture(params=[memory, mapped, remote])
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Versions]]:
    """Two processes' views of each kind; only in memory they are the same."""
    async with request.param(tmp_path) as views:
        for view in views:
            await view.position()
        yield views


class TestRaise:
    async def test_puts_what_bears_the_tag_out_of_date_for_everybody(
        self, both: list[Versions]
    ) -> None:
        here, there = both
        since = await there.position()
        await here.raise_tags(["post:17"])
        await there.position()
        assert not there.unraised(POST, since)
        assert there.unraised(OTHER, since)
        assert there.unraised(TAG, since)

    async def test_leaves_alone_what_was_made_after_it(self, both: list[Versions]) -> None:
        here, there = both
        await here.raise_tags(["post:17"])
        since = await there.position()
        assert there.unraised(POST, since)

    async def test_moves_the_position(self, both: list[Versions]) -> None:
        here, there = both
        before = await there.position()
        await here.raise_tags(["posts"])
        assert await there.position() > before

    async def test_of_any_of_a_kind_reaches_each_of_them(self, both: list[Versions]) -> None:
        here, there = both
        since = await there.position()
        await here.raise_tags(["post:*"])
        await there.position()
        assert not there.unraised(POST, since)
        assert not there.unraised(OTHER, since)
        assert there.unraised(TAG, since)

    async def test_of_everything_leaves_nothing(self, both: list[Versions]) -> None:
        here, there = both
        since = await there.position()
        await here.raise_all()
        await there.position()
        assert not there.unraised(slots_of([]), since)
        assert not there.unraised(TAG, since)

    async def test_many_at_once_are_all_seen(self, both: list[Versions]) -> None:
        here, there = both
        since = await there.position()
        for number in range(1200):
            await here.raise_tags([f"post:{number}"])
        await there.position()
        assert not any(there.unraised(slots_of([f"post:{n}"]), since) for n in range(1200))


def raise_often(path: Path, tag: str, started: Callable[[], object]) -> None:
    """What another process does."""

    async def run() -> None:
        versions = MappedVersions(path)
        started()
        for _ in range(2000):
            await versions.raise_tags([tag])
        await versions.close()

    asyncio.run(run())


class TestMapped:
    async def test_gives_each_raise_of_many_processes_a_position_of_its_own(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "cache"
        versions = MappedVersions(path)
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(3)
        workers = [
            context.Process(target=raise_often, args=(path, f"post:{number}", barrier.wait))
            for number in range(3)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert await versions.position() == 6000
        await versions.close()

    async def test_outlives_those_who_raise(self, tmp_path: Path) -> None:
        first = MappedVersions(tmp_path / "cache")
        await first.raise_tags(["posts"])
        position = await first.position()
        await first.close()
        second = MappedVersions(tmp_path / "cache")
        assert await second.position() == position
        await second.close()

    async def test_lets_nothing_be_good_while_one_who_raises_stands_still(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portfolio.adapters.cache.versions._PATIENCE", 0.01)
        path = tmp_path / "cache"
        versions = MappedVersions(path)
        since = await versions.position()
        with path.open("rb") as stopped:
            fcntl.flock(stopped, fcntl.LOCK_EX)
            await versions.raise_tags(["posts"])
            assert not versions.unraised(TAG, since)
            with pytest.raises(CacheAwayError):
                await versions.position()
        await versions.raise_tags(["posts"])
        assert not versions.unraised(TAG, since)
        assert versions.unraised(TAG, await versions.position())
        await versions.close()

    def test_says_what_to_do_where_it_cannot_write(self, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("in the way")
        with pytest.raises(SettingsError, match="DATA_DIR"):
            MappedVersions(tmp_path / "run" / "cache")

    def test_is_small(self) -> None:
        assert SLOTS * 8 == 512 * 1024


class Host:
    """One of several."""

    def __init__(self, server: RedisServer, patience: float = PATIENT) -> None:
        self.clock = Clock()
        self.link = RedisLink(server.url, patience, self.clock)
        self.versions = RedisVersions(self.link)
        self.position, self.unraised = self.versions.position, self.versions.unraised

    async def close(self) -> None:
        await self.versions.close()
        await self.link.close()


@pytest.fixture
async def hosts(server: RedisServer) -> AsyncIterator[list[Host]]:
    both = [Host(server), Host(server)]
    for host in both:
        await host.position()
    yield both
    for host in both:
        await host.close()


class TestRedis:
    async def test_says_so_while_it_is_away(self, server: RedisServer, hosts: list[Host]) -> None:
        server.kill()
        for host in hosts:
            with pytest.raises(CacheAwayError):
                await host.position()
        with pytest.raises(CacheAwayError):
            await hosts[0].versions.raise_all()

    async def test_knows_nothing_from_before_it_came_back_empty(
        self, server: RedisServer, hosts: list[Host]
    ) -> None:
        here, there = hosts
        since = await there.position()
        server.kill()
        await here.versions.raise_tags(["post:17"])
        await server.start()
        await there.position()
        assert not there.unraised(POST, since)
        assert not there.unraised(TAG, since)

    async def test_tries_to_tell_also_while_nobody_asks(
        self, server: RedisServer, hosts: list[Host]
    ) -> None:
        here, there = hosts
        server.kill()
        with pytest.raises(CacheAwayError):
            await here.position()
        await server.start()
        since = await there.position()
        await here.versions.raise_tags(["post:17"])
        await there.position()
        assert not there.unraised(POST, since)

    async def test_is_told_later_what_could_not_be_said_in_time(
        self, server: RedisServer, hosts: list[Host]
    ) -> None:
        here, there = hosts
        server.kill()
        await here.versions.raise_tags(["post:17"])
        await server.start()
        since = await there.position()
        async with asyncio.timeout(30):
            while there.unraised(POST, since):
                await asyncio.sleep(0.05)
                await there.position()
        assert there.unraised(TAG, since)

    async def test_answers_again_after_it_was_frozen(
        self, server: RedisServer, hosts: list[Host]
    ) -> None:
        here, _ = hosts
        there = Host(server, 0.5)
        server.freeze()
        with pytest.raises(CacheAwayError):
            await there.position()
        server.thaw()
        await here.versions.raise_tags(["post:17"])
        there.clock.advance(OPEN_SECONDS)
        # A busy machine may take longer than half a second for the first answer.
        for _ in range(20):
            with suppress(CacheAwayError):
                assert await there.position() > 0
                break
            there.clock.advance(OPEN_SECONDS)
        else:
            pytest.fail("it never answered again")
        await there.close()

    async def test_notices_that_the_list_was_lost(self, hosts: list[Host]) -> None:
        here, there = hosts
        since = await there.position()
        await here.versions.raise_tags(["post:17"])
        await here.link.client.flushall()
        await there.position()
        assert not there.unraised(POST, since)

    async def test_is_asked_once_by_many_who_wait(self, hosts: list[Host]) -> None:
        async def questions() -> int:
            found = await hosts[0].link.client.info("commandstats")
            return int(found["cmdstat_xrange"]["calls"])

        await hosts[1].position()
        before = await questions()
        await asyncio.gather(*[hosts[1].position() for _ in range(200)])
        assert 1 <= await questions() - before <= 2

    async def test_holds_no_more_than_a_part_of_what_happened(self, hosts: list[Host]) -> None:
        here, _ = hosts
        for number in range(12_000):
            await here.link.client.xadd("portfolio:cache:raised", {"tags": f"post:{number}"})
        await here.versions.raise_tags(["post:17"])
        assert await here.link.client.xlen("portfolio:cache:raised") < 11_000
