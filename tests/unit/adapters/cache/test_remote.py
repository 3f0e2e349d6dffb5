"""Hosts that share one Redis and one database, and what becomes of them when one is out of reach."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.factories.clocks import Clock
from tests.factories.fences import Ground, ground_in
from tests.factories.redis import RedisServer
from tests.factories.redis_relays import RedisRelay, redis_relay

from portfolio.adapters.cache.fence import Fence
from portfolio.adapters.cache.remote import RedisVersions
from portfolio.adapters.cache.versions import CacheAwayError, slots_of
from portfolio.adapters.redis import OPEN_SECONDS, RedisLink

PATIENT = 30.0
POST, TAG = slots_of(["post:17"]), slots_of(["tag:3"])


class Host:
    """One of several."""

    def __init__(self, url: str, fence: Fence, patience: float = PATIENT) -> None:
        self.clock = Clock()
        self.fence = fence
        self.link = RedisLink(url, patience, self.clock)
        self.versions = RedisVersions(self.link, fence)
        self.position, self.unraised = self.versions.position, self.versions.unraised

    async def close(self) -> None:
        await self.versions.close()
        await self.link.close()


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    async with ground_in(tmp_path) as made:
        yield made


@pytest.fixture
async def hosts(server: RedisServer, ground: Ground) -> AsyncIterator[list[Host]]:
    both = [Host(server.url, ground.fence()), Host(server.url, ground.fence())]
    for host in both:
        await host.position()
    yield both
    for host in both:
        await host.close()


@pytest.fixture
async def relay(server: RedisServer) -> AsyncIterator[RedisRelay]:
    async with redis_relay(server) as made:
        yield made


@pytest.fixture
async def cut_off(relay: RedisRelay, ground: Ground) -> AsyncIterator[Host]:
    """One that alone cannot reach Redis."""
    host = Host(relay.url, ground.fence())
    await host.position()
    relay.cut()
    yield host
    await host.close()


async def everything_raised(host: Host, since: int) -> None:
    """Returns once nothing of what this host knew before is good."""
    async with asyncio.timeout(30):
        while host.unraised(POST, since) or host.unraised(TAG, since):
            await asyncio.sleep(0.05)
            await host.position()


class TestHosts:
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

    async def test_answers_again_after_it_was_frozen(
        self, server: RedisServer, hosts: list[Host]
    ) -> None:
        here, _ = hosts
        there = Host(server.url, here.fence, 0.5)
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


class TestOneThatCannotReachRedis:
    async def test_tells_those_who_can(self, cut_off: Host, hosts: list[Host]) -> None:
        _, there = hosts
        # Just now, so that it need not look at the fence for a while.
        since = await there.position()
        await cut_off.versions.raise_tags(["post:17"])
        assert await there.position() > since
        assert not there.unraised(POST, since)

    async def test_tells_them_each_time(self, cut_off: Host, hosts: list[Host]) -> None:
        _, there = hosts
        for _ in range(3):
            since = await there.position()
            await cut_off.versions.raise_tags(["post:17"])
            await there.position()
            assert not there.unraised(POST, since)

    async def test_tells_of_many_changes_at_once(
        self, cut_off: Host, hosts: list[Host], ground: Ground
    ) -> None:
        _, there = hosts
        since = await there.position()
        await asyncio.gather(*[cut_off.versions.raise_tags([f"post:{n}"]) for n in range(100)])
        await there.position()
        assert not there.unraised(POST, since)
        raised = await ground.fence().position()
        assert raised is not None
        assert 1 <= raised < 100

    async def test_leaves_what_was_made_after_it(self, cut_off: Host, hosts: list[Host]) -> None:
        _, there = hosts
        await cut_off.versions.raise_tags(["post:17"])
        since = await there.position()
        await there.position()
        assert there.unraised(POST, since)

    async def test_uses_no_cache(self, cut_off: Host) -> None:
        with pytest.raises(CacheAwayError):
            await cut_off.position()

    async def test_knows_nothing_from_before_it_came_back(
        self, relay: RedisRelay, ground: Ground, hosts: list[Host]
    ) -> None:
        here, _ = hosts
        there = Host(relay.url, ground.fence())
        since = await there.position()
        relay.cut()
        await here.versions.raise_tags(["post:17"])
        relay.mend()
        await there.position()
        assert not there.unraised(POST, since)
        await there.close()


class TestOneThatWasCancelled:
    async def test_tells_all_the_same(self, server: RedisServer, hosts: list[Host]) -> None:
        here, there = hosts
        since = await there.position()
        server.freeze()
        telling = asyncio.create_task(here.versions.raise_tags(["post:17"]))
        await asyncio.sleep(0)
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        server.thaw()
        assert telling.cancelled()
        # Whatever Redis got of it, it heard of one tag at most.
        await everything_raised(there, since)

    async def test_tells_before_it_ends(
        self, server: RedisServer, hosts: list[Host], ground: Ground
    ) -> None:
        there = hosts[1]
        last = Host(server.url, ground.fence())
        since = await there.position()
        server.freeze()
        telling = asyncio.create_task(last.versions.raise_tags(["post:17"]))
        await asyncio.sleep(0)
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        await last.close()
        server.thaw()
        await everything_raised(there, since)


class TestDatabaseThatDoesNotAnswer:
    async def test_means_that_nobody_can_tell(self, server: RedisServer, ground: Ground) -> None:
        fresh = Host(server.url, ground.fence())
        await ground.lose()
        with pytest.raises(CacheAwayError):
            await fresh.position()
        await ground.find()
        assert await fresh.position() > 0
        await fresh.close()

    async def test_keeps_whoever_cannot_tell_waiting(
        self, cut_off: Host, hosts: list[Host], ground: Ground
    ) -> None:
        _, there = hosts
        since = await there.position()
        await ground.lose()
        telling = asyncio.create_task(cut_off.versions.raise_tags(["post:17"]))
        done, _ = await asyncio.wait([telling], timeout=1)
        assert not done
        await ground.find()
        await telling
        await there.position()
        assert not there.unraised(POST, since)
