import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.factories.clocks import Clock
from tests.factories.redis import RedisServer, keys_in

from portfolio.adapters.limiter.counters import Counters, MemoryCounters
from portfolio.adapters.limiter.policy import Policy
from portfolio.adapters.limiter.remote import FallbackCounters, RedisCounters
from portfolio.adapters.redis import OPEN_SECONDS, PATIENCE, RedisAwayError, RedisLink

THREE = Policy("login", "3/minute")
HOUR = Policy("login", "3/minute;5/hour")
# Whoever asked a frozen server every time would need minutes.
SOON = 10.0


async def allowed(counters: Counters, times: int, key: str = "somebody") -> int:
    return sum([(await counters.hit(THREE, key)).allowed for _ in range(times)])


@pytest.fixture
async def pair(link: RedisLink) -> AsyncIterator[FallbackCounters]:
    pair = FallbackCounters(RedisCounters(link), MemoryCounters())
    yield pair
    await pair.close()


class TestRedis:
    @pytest.mark.requirement("19")
    async def test_is_one_quota_for_all_hosts(
        self, server: RedisServer, patient_link: RedisLink
    ) -> None:
        other = RedisLink(server.url, 30)
        try:
            hosts = [RedisCounters(patient_link), RedisCounters(other)]
            policy = Policy("reads", "100/minute")
            hits = [hosts[number % 2].hit(policy, "somebody") for number in range(200)]
            verdicts = await asyncio.gather(*hits)
        finally:
            await other.close()
        assert sum(verdict.allowed for verdict in verdicts) == 100

    async def test_names_strategy_and_limit_and_not_the_key(self, patient_link: RedisLink) -> None:
        await RedisCounters(patient_link).hit(HOUR, "me@example.com")
        names = [key.decode() for key in await keys_in(patient_link)]
        assert [name.rpartition(":")[2] for name in names] == ["3600", "60"]
        assert all(name.startswith("portfolio:limit:fixed-from-first:{login:") for name in names)
        assert not any("example" in name for name in names)

    async def test_forgets_each_window_when_it_ends(self, patient_link: RedisLink) -> None:
        await RedisCounters(patient_link).hit(HOUR, "somebody")
        lives = [await patient_link.client.ttl(key) for key in await keys_in(patient_link)]
        assert [3590 < lives[0] <= 3600, 50 < lives[1] <= 60] == [True, True]

    async def test_ends_a_window_that_has_lost_its_end(self, patient_link: RedisLink) -> None:
        counters = RedisCounters(patient_link)
        await counters.hit(THREE, "somebody")
        (key,) = await keys_in(patient_link)
        await patient_link.client.persist(key)
        await counters.hit(THREE, "somebody")
        assert 0 < await patient_link.client.ttl(key) <= 60

    async def test_does_not_need_to_know_the_script_already(self, patient_link: RedisLink) -> None:
        counters = RedisCounters(patient_link)
        await patient_link.client.script_flush()
        assert (await counters.hit(THREE, "somebody")).allowed


@pytest.mark.requirement("84")
class TestRedisAway:
    def test_costs_less_than_a_tenth_of_a_second(self) -> None:
        assert PATIENCE < 0.1

    async def test_is_counted_here_at_the_same_quota(
        self, server: RedisServer, pair: FallbackCounters
    ) -> None:
        server.kill()
        assert await allowed(pair, 10) == 3

    async def test_is_counted_here_while_it_hangs(
        self, server: RedisServer, pair: FallbackCounters
    ) -> None:
        server.freeze()
        async with asyncio.timeout(SOON):
            assert await allowed(pair, 100) == 3

    async def test_keeps_none_of_many_waiting(
        self, server: RedisServer, pair: FallbackCounters
    ) -> None:
        assert await allowed(pair, 1) == 1
        server.freeze()
        async with asyncio.timeout(SOON):
            verdicts = await asyncio.gather(*[pair.hit(THREE, "somebody") for _ in range(500)])
        assert sum(verdict.allowed for verdict in verdicts) == 3

    async def test_is_not_asked_for_five_seconds(
        self, server: RedisServer, link: RedisLink, pair: FallbackCounters, clock: Clock
    ) -> None:
        server.freeze()
        await pair.hit(THREE, "somebody")
        server.thaw()
        clock.advance(OPEN_SECONDS - 0.1)
        with pytest.raises(RedisAwayError):
            await RedisCounters(link).hit(THREE, "somebody else")
        assert await allowed(pair, 10) == 2

    async def test_is_over_by_itself_when_it_comes_back(
        self, server: RedisServer, link: RedisLink, pair: FallbackCounters, clock: Clock
    ) -> None:
        server.kill()
        assert await allowed(pair, 10) == 3
        await server.start()
        assert OPEN_SECONDS < 10
        clock.advance(OPEN_SECONDS)
        assert await allowed(pair, 10) == 3, "from zero, by Redis"
        assert len(await keys_in(link)) == 1
        assert await link.state() == "up"

    async def test_is_found_out_by_one_for_all(
        self, server: RedisServer, link: RedisLink, pair: FallbackCounters, clock: Clock
    ) -> None:
        server.freeze()
        await pair.hit(THREE, "somebody")
        asked = 0

        async def ask() -> None:
            nonlocal asked
            asked += 1
            await link.client.ping()

        clock.advance(OPEN_SECONDS)
        tries = [link.run(ask) for _ in range(50)]
        assert {type(found) for found in await asyncio.gather(*tries, return_exceptions=True)} == {
            RedisAwayError
        }
        assert asked == 1

    async def test_is_said_to_the_operator(self, server: RedisServer, link: RedisLink) -> None:
        assert await link.state() == "up"
        server.kill()
        assert await link.state() == "unreachable"

    async def test_may_be_so_from_the_start(self) -> None:
        link = RedisLink("unix:///nowhere/at/all")
        pair = FallbackCounters(RedisCounters(link), MemoryCounters())
        assert await allowed(pair, 5) == 3
        await link.close()
