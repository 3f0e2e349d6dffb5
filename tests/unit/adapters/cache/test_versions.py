import asyncio
import fcntl
import multiprocessing
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.factories.fences import ground_in
from tests.factories.redis import running_redis

from portfolio.adapters.cache.remote import RedisVersions
from portfolio.adapters.cache.versions import (
    SLOTS,
    CacheAwayError,
    MappedVersions,
    MemoryVersions,
    Versions,
    slots_of,
)
from portfolio.adapters.redis import RedisLink
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
async def remote(folder: Path) -> AsyncIterator[list[Versions]]:
    async with running_redis() as server, ground_in(folder) as ground:
        links = [RedisLink(server.url, PATIENT), RedisLink(server.url, PATIENT)]
        both = [RedisVersions(link, ground.fence()) for link in links]
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
        # Nobody has to write for it to go on.
        assert versions.unraised(TAG, await versions.position())
        assert not versions.unraised(TAG, since)
        await versions.close()

    def test_says_what_to_do_where_it_cannot_write(self, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("in the way")
        with pytest.raises(SettingsError, match="DATA_DIR"):
            MappedVersions(tmp_path / "run" / "cache")

    def test_is_small(self) -> None:
        assert SLOTS * 8 == 512 * 1024
