import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.factories.lines import captured

from portfolio.core.context import current
from portfolio.core.errors import UnavailableException
from portfolio.services.periodic import Periodic

NEVER = 3600.0


class Work:
    """Counts how often it was done, and fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.times = 0
        self._failures = list(failures)
        self._done = asyncio.Condition()

    async def __call__(self) -> None:
        async with self._done:
            self.times += 1
            self._done.notify_all()
        if self._failures:
            raise self._failures.pop(0)

    async def done(self, times: int) -> None:
        async with self._done:
            await asyncio.wait_for(self._done.wait_for(lambda: self.times >= times), 10)


@pytest.fixture
async def periodic() -> AsyncIterator[Periodic]:
    made = Periodic()
    yield made
    await made.stop(grace=0)


class TestEvery:
    async def test_does_the_work_at_the_start(self, periodic: Periodic) -> None:
        work = Work()
        periodic.every(NEVER, "test", work)
        periodic.start()
        await work.done(1)

    async def test_does_it_again_and_again(self, periodic: Periodic) -> None:
        work = Work()
        periodic.every(0.001, "test", work)
        periodic.start()
        await work.done(3)

    async def test_does_it_when_it_is_woken(self, periodic: Periodic) -> None:
        work = Work()
        round_ = periodic.every(NEVER, "test", work)
        periodic.start()
        for times in (1, 2, 3):
            await work.done(times)
            await round_.wake()

    async def test_lets_no_slow_work_hold_up_the_others(self, periodic: Periodic) -> None:
        work = Work()
        periodic.every(NEVER, "slow", asyncio.Event().wait)
        periodic.every(0.001, "test", work)
        periodic.start()
        await work.done(3)

    async def test_outlives_what_goes_wrong_and_logs_it(self, periodic: Periodic) -> None:
        work = Work(UnavailableException("away"), RuntimeError("a defect"))
        periodic.every(0.001, "test", work)
        with captured() as lines:
            periodic.start()
            await work.done(3)
        assert [(line["event"], line["work"]) for line in lines] == [
            ("periodic.postponed", "test"),
            ("periodic.failed", "test"),
        ]

    async def test_has_a_request_id_for_the_log(self, periodic: Periodic) -> None:
        seen: asyncio.Queue[str] = asyncio.Queue()

        async def look() -> None:
            seen.put_nowait(current().request_id)

        mine = current().request_id
        periodic.every(NEVER, "test.look", look)
        periodic.start()
        assert await asyncio.wait_for(seen.get(), 10) == "test.look"
        assert current().request_id == mine


class TestStop:
    async def test_lets_the_work_end(self, periodic: Periodic) -> None:
        begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            await may_end.wait()
            ended.set()

        periodic.every(NEVER, "test", work)
        periodic.start()
        await asyncio.wait_for(begun.wait(), 10)
        stopping = asyncio.create_task(periodic.stop())
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.wait_for(stopping, 10)
        assert ended.is_set()

    async def test_cuts_short_what_takes_too_long(self, periodic: Periodic) -> None:
        begun = asyncio.Event()

        async def work() -> None:
            begun.set()
            await asyncio.Event().wait()

        periodic.every(NEVER, "test", work)
        periodic.start()
        await asyncio.wait_for(begun.wait(), 10)
        await asyncio.wait_for(periodic.stop(grace=0), 10)

    async def test_comes_before_the_first_round_too(self, periodic: Periodic) -> None:
        work = Work()
        periodic.every(NEVER, "test", work)
        periodic.start()
        await periodic.stop()
        assert work.times == 0

    async def test_needs_no_start(self, periodic: Periodic) -> None:
        await periodic.stop()
