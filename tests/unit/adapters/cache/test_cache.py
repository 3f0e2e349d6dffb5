import asyncio

import pytest
from tests.factories.clocks import Clock

from portfolio.adapters.cache import Cache
from portfolio.adapters.cache.cache import OVERHEAD
from portfolio.adapters.cache.versions import MemoryVersions
from portfolio.core.events import Changed

TTL = 60


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> Cache:
    return Cache(MemoryVersions(), 10 * OVERHEAD, TTL, clock)


async def keep(cache: Cache, key: str, *tags: str, size: int = 0) -> None:
    cache.set(key, f"value of {key}", tags=tags, since=await cache.position(), size=size)


async def change(cache: Cache, *tags: str) -> None:
    await cache.changed(Changed(frozenset(tags)))


class TestGet:
    async def test_gives_what_was_set(self, cache: Cache) -> None:
        assert cache.get("a") is None
        await keep(cache, "a", "posts")
        assert cache.get("a") == "value of a"

    async def test_gives_nothing_that_was_deleted(self, cache: Cache) -> None:
        await keep(cache, "a")
        cache.delete("a")
        assert cache.get("a") is None
        assert cache.bytes == 0

    async def test_gives_nothing_that_shows_what_has_changed(self, cache: Cache) -> None:
        await keep(cache, "list", "posts")
        await keep(cache, "one", "post:17")
        await keep(cache, "other", "post:18")
        await change(cache, "posts", "post:17")
        assert [cache.get(key) for key in ("list", "one", "other")] == [
            None,
            None,
            "value of other",
        ]

    async def test_gives_nothing_that_was_begun_before_a_change(self, cache: Cache) -> None:
        since = await cache.position()
        await change(cache, "posts")
        cache.set("slow", "old", tags=["posts"], since=since)
        assert cache.get("slow") is None

    async def test_gives_nothing_after_its_time(self, cache: Cache, clock: Clock) -> None:
        await keep(cache, "a")
        cache.set("due", "soon", tags=[], since=await cache.position(), until=clock.now + 5)
        clock.advance(5)
        assert cache.get("due") is None
        assert cache.get("a")
        clock.advance(TTL - 5)
        assert cache.get("a") is None

    async def test_gives_nothing_after_a_purge(self, cache: Cache) -> None:
        await keep(cache, "a")
        await cache.purge()
        assert cache.get("a") is None


class TestSet:
    async def test_makes_room_by_what_was_not_used_for_longest(self, cache: Cache) -> None:
        for number in range(10):
            await keep(cache, str(number))
        assert cache.get("0")
        await keep(cache, "new")
        assert cache.get("1") is None
        assert cache.get("0")
        assert cache.get("new")

    async def test_never_holds_more_than_it_may(self, cache: Cache) -> None:
        for number in range(1000):
            await keep(cache, str(number), size=number)
            assert cache.bytes <= 10 * OVERHEAD

    async def test_keeps_nothing_that_is_larger_than_all(self, cache: Cache) -> None:
        await keep(cache, "small")
        await keep(cache, "large", size=10 * OVERHEAD)
        assert cache.get("large") is None
        assert cache.get("small")

    async def test_counts_once_what_is_set_again(self, cache: Cache) -> None:
        for _ in range(3):
            await keep(cache, "a")
        assert cache.bytes == OVERHEAD


class TestClaim:
    async def test_is_for_one_of_many_who_ask_at_once(self, cache: Cache) -> None:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(cache.claim("a")) for _ in range(200)]
            await asyncio.sleep(0)
            assert [task.done() for task in asked].count(True) == 1
            cache.release("a")
        assert [task.result() for task in asked].count(True) == 1

    async def test_is_for_the_next_once_that_one_is_released(self, cache: Cache) -> None:
        assert await cache.claim("a")
        cache.release("a")
        assert await cache.claim("a")

    async def test_of_one_thing_keeps_nobody_from_another(self, cache: Cache) -> None:
        assert await cache.claim("a")
        assert await cache.claim("b")
