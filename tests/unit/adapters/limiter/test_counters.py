import asyncio
import tracemalloc
from pathlib import Path

import pytest
from tests.factories.clocks import Clock

from portfolio.adapters.limiter.counters import Counters, MemoryCounters
from portfolio.adapters.limiter.policy import LimitName, Policy, policies
from portfolio.adapters.limiter.shared import SharedCounters
from portfolio.core.config import LimitSettings

THREE = Policy("login", "3/minute")


async def allowed(counters: Counters, policy: Policy, times: int, key: str = "somebody") -> int:
    return sum([(await counters.hit(policy, key)).allowed for _ in range(times)])


class TestCount:
    async def test_allows_as_many_as_the_quota_says(self, counters: Counters) -> None:
        assert await allowed(counters, THREE, 5) == 3

    @pytest.mark.requirement("17")
    @pytest.mark.parametrize("name", LimitName)
    async def test_keeps_every_limit_at_its_default(
        self, counters: Counters, name: LimitName
    ) -> None:
        policy = policies(LimitSettings().quotas)[name]
        tightest = min(window.amount for window in policy.windows)
        assert await allowed(counters, policy, tightest + 3) == tightest

    @pytest.mark.requirement("19")
    async def test_is_exact_for_many_at_once(self, counters: Counters) -> None:
        policy = Policy("reads", "100/minute")
        hits = [counters.hit(policy, "somebody") for _ in range(200)]
        verdicts = await asyncio.gather(*hits)
        assert sum(verdict.allowed for verdict in verdicts) == 100

    async def test_tells_what_is_left_and_for_how_long(self, counters: Counters) -> None:
        first = await counters.hit(THREE, "somebody")
        second = await counters.hit(THREE, "somebody")
        ((first_left, first_reset),) = first.states
        ((second_left, second_reset),) = second.states
        assert [first_left, second_left] == [2, 1]
        assert 0 < second_reset <= first_reset <= 60

    async def test_keeps_keys_apart(self, counters: Counters) -> None:
        assert await allowed(counters, THREE, 4, "a") == 3
        assert await allowed(counters, THREE, 4, "b") == 3

    async def test_keeps_limits_apart(self, counters: Counters) -> None:
        assert await allowed(counters, THREE, 4) == 3
        assert await allowed(counters, Policy("writes", "3/minute"), 4) == 3

    @pytest.mark.parametrize("key", ["", "ünï", "\ud800", "a:b/c{d}", "x" * 10_000])
    async def test_takes_any_key(self, counters: Counters, key: str) -> None:
        assert await allowed(counters, THREE, 4, key) == 3

    async def test_refuses_by_the_tightest_window(self, counters: Counters) -> None:
        policy = Policy("login", "5/minute;3/hour")
        for _ in range(3):
            await counters.hit(policy, "somebody")
        verdict = await counters.hit(policy, "somebody")
        assert not verdict.allowed
        assert [remaining for remaining, _ in verdict.states] == [2, 0]
        assert 60 < verdict.retry_after <= 3600

    async def test_takes_nothing_for_what_it_refuses(self, counters: Counters) -> None:
        policy = Policy("login", "2/minute;60/hour")
        assert await allowed(counters, policy, 30) == 2
        verdict = await counters.hit(policy, "somebody")
        assert [remaining for remaining, _ in verdict.states] == [0, 58]


@pytest.fixture(params=["memory", "shared"])
def timed(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Counters:
    if request.param == "memory":
        return MemoryCounters(clock=clock)
    return SharedCounters(tmp_path / "limits", clock)


class TestWindow:
    async def test_begins_with_the_first_hit(self, timed: Counters, clock: Clock) -> None:
        await timed.hit(THREE, "somebody")
        clock.advance(59)
        assert await allowed(timed, THREE, 3) == 2
        clock.advance(1)
        assert await allowed(timed, THREE, 4) == 3

    async def test_ends_for_each_length_by_itself(self, timed: Counters, clock: Clock) -> None:
        policy = Policy("login", "2/minute;3/hour")
        assert await allowed(timed, policy, 3) == 2
        clock.advance(60)
        assert await allowed(timed, policy, 3) == 1
        clock.advance(3540)
        assert await allowed(timed, policy, 3) == 2

    async def test_is_the_same_whatever_a_refusal_cost(self, timed: Counters, clock: Clock) -> None:
        await allowed(timed, THREE, 3)
        clock.advance(30)
        assert (await timed.hit(THREE, "somebody")).retry_after == 30


class TestMemory:
    async def test_forgets_the_oldest_beyond_its_size(self, clock: Clock) -> None:
        counters = MemoryCounters(max_keys=10, clock=clock)
        for number in range(11):
            await allowed(counters, THREE, 3, str(number))
            clock.advance(1)
        assert await allowed(counters, THREE, 1, "10") == 0
        assert await allowed(counters, THREE, 1, "1") == 0
        assert await allowed(counters, THREE, 1, "0") == 1

    async def test_forgets_what_is_over_first(self, clock: Clock) -> None:
        counters = MemoryCounters(max_keys=10, clock=clock)
        for number in range(10):
            await counters.hit(THREE, str(number))
        clock.advance(61)
        for number in range(5):
            await counters.hit(THREE, f"new {number}")
        assert {len(table) for table in counters._tables.values()} == {5}

    async def test_does_not_grow_with_those_who_come(self, clock: Clock) -> None:
        counters = MemoryCounters(max_keys=100, clock=clock)
        for number in range(200):
            await counters.hit(THREE, str(number))
        tracemalloc.start()
        try:
            for number in range(200, 2000):
                await counters.hit(THREE, str(number))
            assert tracemalloc.get_traced_memory()[0] < 50_000
        finally:
            tracemalloc.stop()
