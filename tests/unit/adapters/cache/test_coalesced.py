import asyncio

import pytest

from portfolio.adapters.cache.coalesced import Coalesced


class Work:
    """Goes on when a test says so, and counts how often it was done."""

    def __init__(self) -> None:
        self.begun = self.done = 0
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        await self.go.wait()
        self.done += 1
        return self.done


class TestAsk:
    async def test_is_answered_once_for_all_who_came_before_it_began(self) -> None:
        work = Work()
        work.go.set()
        shared = Coalesced(work)
        assert await asyncio.gather(*[shared.ask() for _ in range(10)]) == [1] * 10

    async def test_is_answered_anew_for_those_who_came_later(self) -> None:
        work = Work()
        shared = Coalesced(work)
        first = shared.ask()
        await asyncio.sleep(0)
        assert work.begun == 1
        late = [shared.ask() for _ in range(10)]
        work.go.set()
        assert await first == 1
        assert await asyncio.gather(*late) == [2] * 10

    async def test_is_done_though_nobody_waits(self) -> None:
        work = Work()
        shared = Coalesced(work)
        shared.ask().cancel()
        work.go.set()
        assert await shared.ask() > 0
        assert work.done == 1

    async def test_tells_all_what_went_wrong_and_goes_on(self) -> None:
        async def fail() -> None:
            raise LookupError

        shared = Coalesced(fail)
        for _ in range(2):
            told = await asyncio.gather(shared.ask(), shared.ask(), return_exceptions=True)
            assert [type(each) for each in told] == [LookupError] * 2


class TestClose:
    async def test_cancels_what_is_being_done(self) -> None:
        work = Work()
        shared = Coalesced(work)
        asked = shared.ask()
        await shared.close()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert work.done == 0

    async def test_gives_it_a_moment(self) -> None:
        work = Work()
        shared = Coalesced(work)
        asked = shared.ask()
        asyncio.get_running_loop().call_soon(work.go.set)
        await shared.close(30)
        assert await asked == 1

    async def test_is_nothing_where_nothing_is_done(self) -> None:
        await Coalesced(Work()).close()
