import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Connection, event, select
from sqlalchemy.ext.asyncio import AsyncEngine

from portfolio.core.clock import utc_now
from portfolio.core.config import Settings
from portfolio.core.context import current
from portfolio.core.errors import ConflictException
from portfolio.core.events import EventBus, JobQueued
from portfolio.db.engine import create_engines
from portfolio.db.repositories.outbox import ClaimedJob, OutboxRepository
from portfolio.db.session import Database
from portfolio.models.outbox import OutboxJob
from portfolio.services.outbox import OutboxService, OutboxWorker, Retry

TOPIC = "test.greet"
LEASE = timedelta(seconds=60)
NEVER = 3600.0
jobs = OutboxRepository()
outbox = OutboxService(jobs)


class Greeter:
    """A handler that remembers whom it greeted, and fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.greeted: list[str] = []
        self.failures = failures
        self.called = asyncio.Event()

    async def __call__(self, payload: Any) -> None:
        self.called.set()
        if self.failures:
            self.failures -= 1
            raise ConnectionError("nobody at home\0")
        self.greeted.append(payload["name"])


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def here(database: Database, bus: EventBus) -> Database:
    """The database with a bus of our own."""
    return Database(database.engines, bus)


@pytest.fixture
async def other_process(
    settings: Settings, database: Database, bus: EventBus
) -> AsyncIterator[Database]:
    """The same database with connections of its own."""
    engines = create_engines(settings)
    yield Database(engines, bus)
    await engines.dispose()


@pytest.fixture
def greeter() -> Greeter:
    return Greeter()


@pytest.fixture
async def worker(here: Database, greeter: Greeter) -> AsyncIterator[OutboxWorker]:
    made = OutboxWorker(here, jobs, poll=NEVER)
    made.register(TOPIC, greeter, Retry(attempts=3))
    yield made
    await made.stop(grace=0)


async def put(database: Database, *names: str, delay: float = 0) -> None:
    async with database.transaction() as db:
        for name in names:
            await outbox.put(db, TOPIC, {"name": name}, delay)


async def rows(database: Database) -> list[OutboxJob]:
    async with database.reading() as db:
        return list(await db.scalars(select(OutboxJob).order_by(OutboxJob.id)))


async def claim(database: Database, now: datetime | None = None) -> list[ClaimedJob]:
    async with database.transaction() as db:
        return await jobs.claim(db, [TOPIC], 10, now or utc_now(), LEASE)


class TestPut:
    async def test_has_the_job_done_once(
        self, database: Database, worker: OutboxWorker, greeter: Greeter
    ) -> None:
        await put(database, "Ada")
        assert await worker.run_due() == 1
        assert await worker.run_due() == 0
        assert greeter.greeted == ["Ada"]
        (row,) = await rows(database)
        assert row.finished_at is not None
        assert row.failed_at is None

    async def test_leaves_nothing_of_a_transaction_that_fails(
        self, here: Database, bus: EventBus
    ) -> None:
        woken: list[JobQueued] = []

        async def note(queued: JobQueued) -> None:
            woken.append(queued)

        async def fail() -> None:
            async with here.transaction() as db:
                await outbox.put(db, TOPIC, {"name": "Ada"})
                raise ConflictException

        bus.subscribe(JobQueued, note)
        with pytest.raises(ConflictException):
            await fail()
        assert await rows(here) == []
        assert woken == []

    async def test_can_wait(
        self, database: Database, worker: OutboxWorker, greeter: Greeter
    ) -> None:
        await put(database, "Ada", delay=30)
        assert await worker.run_due() == 0
        with time_machine.travel(utc_now() + timedelta(seconds=31)):
            assert await worker.run_due() == 1
        assert greeter.greeted == ["Ada"]


class TestClaim:
    async def test_gives_a_job_to_one_only(self, database: Database) -> None:
        await put(database, "Ada", "Grace")
        assert [job.payload["name"] for job in await claim(database)] == ["Ada", "Grace"]
        assert await claim(database) == []

    async def test_hands_on_what_a_crashed_worker_left(
        self, database: Database, worker: OutboxWorker, greeter: Greeter
    ) -> None:
        await put(database, "Ada")
        taken_at = utc_now()
        await claim(database, taken_at)
        assert await claim(database, taken_at + timedelta(seconds=59)) == []
        with time_machine.travel(taken_at + timedelta(seconds=61)):
            assert await worker.run_due() == 1
        assert greeter.greeted == ["Ada"]

    async def test_takes_the_last_word_from_a_worker_that_was_too_slow(
        self, database: Database
    ) -> None:
        await put(database, "Ada")
        (slow,) = await claim(database)
        (next_one,) = await claim(database, utc_now() + LEASE * 2)
        async with database.transaction() as db:
            await jobs.finish(db, slow, utc_now())
        (row,) = await rows(database)
        assert row.finished_at is None
        async with database.transaction() as db:
            await jobs.finish(db, next_one, utc_now())
        (row,) = await rows(database)
        assert row.finished_at is not None

    async def test_leaves_topics_that_nobody_here_knows(
        self, database: Database, worker: OutboxWorker
    ) -> None:
        async with database.transaction() as db:
            await outbox.put(db, "test.unknown", {})
        assert await worker.run_due() == 0
        (row,) = await rows(database)
        assert row.attempts == 0

    async def test_shares_the_work_among_processes_and_does_none_twice(
        self, database: Database, other_process: Database
    ) -> None:
        await put(database, *map(str, range(40)))
        done: Counter[str] = Counter()

        async def count(payload: Any) -> None:
            await asyncio.sleep(0)
            done[payload["name"]] += 1

        workers = [OutboxWorker(place, jobs) for place in (database, other_process)]
        for each in workers:
            each.register(TOPIC, count)
        shares = await asyncio.gather(*(each.run_due() for each in workers))
        assert sum(shares) == 40
        assert done == Counter({str(number): 1 for number in range(40)})


class TestFailure:
    async def test_is_noted_and_tried_again_later(
        self, database: Database, worker: OutboxWorker, greeter: Greeter
    ) -> None:
        greeter.failures = 1
        await put(database, "Ada")
        await worker.run_due()
        (row,) = await rows(database)
        assert row.last_error == "ConnectionError: nobody at home"
        assert row.finished_at is None
        assert row.available_at > utc_now()
        with time_machine.travel(row.available_at + timedelta(seconds=1)):
            await worker.run_due()
        assert greeter.greeted == ["Ada"]
        (row,) = await rows(database)
        assert (row.attempts, row.last_error) == (2, None)

    async def test_is_final_after_the_last_attempt(
        self, database: Database, worker: OutboxWorker, greeter: Greeter
    ) -> None:
        greeter.failures = 10
        await put(database, "Ada")
        with time_machine.travel(utc_now(), tick=False) as clock:
            for _ in range(5):
                await worker.run_due()
                clock.shift(timedelta(days=1))
        (row,) = await rows(database)
        assert row.attempts == 3
        assert row.failed_at is not None
        assert greeter.failures == 7

    async def test_of_the_process_itself_counts_as_an_attempt(
        self, database: Database, worker: OutboxWorker, greeter: Greeter
    ) -> None:
        await put(database, "Ada")
        for crash in range(3):
            assert await claim(database, utc_now() + LEASE * 2 * crash)
        with time_machine.travel(utc_now() + LEASE * 9):
            await worker.run_due()
        (row,) = await rows(database)
        assert row.failed_at is not None
        assert not greeter.called.is_set()

    async def test_includes_taking_longer_than_the_lease(self, here: Database) -> None:
        async def hang(_payload: Any) -> None:
            await asyncio.Event().wait()

        hasty = OutboxWorker(here, jobs, lease=0.2)
        hasty.register(TOPIC, hang, Retry(attempts=1))
        await put(here, "Ada")
        await hasty.run_due()
        (row,) = await rows(here)
        assert row.last_error is not None
        assert row.last_error.startswith("TimeoutError")

    async def test_keeps_no_secret_in_the_row(self, database: Database, here: Database) -> None:
        async def leak(_payload: Any) -> None:
            raise ConnectionError("refused Authorization: Bearer abcdefgh " + "x" * 5000)

        careless = OutboxWorker(here, jobs)
        careless.register(TOPIC, leak)
        await put(database, "Ada")
        await careless.run_due()
        (row,) = await rows(database)
        assert row.last_error is not None
        assert "abcdefgh" not in row.last_error
        assert len(row.last_error) <= 2000


class TestRetry:
    def test_lasts_about_a_day_by_default(self) -> None:
        pauses = [Retry().delay(attempts) for attempts in range(1, 9)]
        assert pauses.pop() is None
        total = sum(pause for pause in pauses if pause is not None)
        assert timedelta(hours=18) < timedelta(seconds=total) < timedelta(hours=28)
        assert pauses == sorted(pauses, key=lambda pause: pause or 0)

    def test_can_have_a_longest_pause(self) -> None:
        pause = Retry(attempts=1000, longest=30).delay(999)
        assert pause is not None
        assert pause <= 36


class TestStart:
    async def test_works_at_once_when_a_job_is_committed(
        self, here: Database, bus: EventBus, worker: OutboxWorker, greeter: Greeter
    ) -> None:
        bus.subscribe(JobQueued, worker.wake)
        worker.start()
        await asyncio.sleep(0)
        await put(here, "Ada")
        await asyncio.wait_for(greeter.called.wait(), 10)
        await worker.stop()
        assert greeter.greeted == ["Ada"]

    async def test_finds_what_other_processes_put(
        self, database: Database, other_process: Database, greeter: Greeter
    ) -> None:
        looking = OutboxWorker(other_process, jobs, poll=0.01)
        looking.register(TOPIC, greeter)
        looking.start()
        await put(database, "Ada")
        await asyncio.wait_for(greeter.called.wait(), 10)
        await looking.stop()

    async def test_lets_no_slow_job_hold_up_the_others(
        self, here: Database, bus: EventBus, worker: OutboxWorker, greeter: Greeter
    ) -> None:
        async def wait_for_the_other(_payload: Any) -> None:
            await greeter.called.wait()

        worker.register("test.slow", wait_for_the_other)
        bus.subscribe(JobQueued, worker.wake)
        async with here.transaction() as db:
            await outbox.put(db, "test.slow", {})
        worker.start()
        await put(here, *map(str, range(9)))
        await asyncio.wait_for(greeter.called.wait(), 10)
        await worker.stop()
        assert (await rows(here))[0].finished_at is not None

    async def test_gives_each_job_a_request_id_for_the_log(
        self, database: Database, worker: OutboxWorker
    ) -> None:
        seen: list[str] = []

        async def look(_payload: Any) -> None:
            seen.append(current().request_id)

        worker.register(TOPIC, look)
        await put(database, "Ada")
        await worker.run_due()
        (row,) = await rows(database)
        assert seen == [f"job-{row.id}"]
        assert current().request_id == "-"

    async def test_outlives_a_database_that_is_away(
        self, database: Database, other_process: Database, greeter: Greeter
    ) -> None:
        engine: AsyncEngine = other_process.engines.write
        refused = asyncio.Event()

        def refuse(_connection: Connection) -> None:
            refused.set()
            raise ConnectionRefusedError

        event.listen(engine.sync_engine, "begin", refuse, insert=True)
        patient = OutboxWorker(other_process, jobs, poll=0.01)
        patient.register(TOPIC, greeter)
        patient.start()
        await asyncio.wait_for(refused.wait(), 10)
        event.remove(engine.sync_engine, "begin", refuse)
        await put(database, "Ada")
        await asyncio.wait_for(greeter.called.wait(), 10)
        await patient.stop()


class TestStop:
    async def test_lets_the_running_job_end(self, here: Database, worker: OutboxWorker) -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def work(_payload: Any) -> None:
            begun.set()
            await may_end.wait()

        worker.register(TOPIC, work)
        await put(here, "Ada")
        worker.start()
        await asyncio.wait_for(begun.wait(), 10)
        stopping = asyncio.create_task(worker.stop())
        await asyncio.sleep(0)
        may_end.set()
        await stopping
        (row,) = await rows(here)
        assert row.finished_at is not None

    async def test_hands_on_what_does_not_end_in_time(
        self, here: Database, worker: OutboxWorker
    ) -> None:
        begun = asyncio.Event()

        async def work(_payload: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

        worker.register(TOPIC, work)
        await put(here, "Ada")
        worker.start()
        await asyncio.wait_for(begun.wait(), 10)
        await worker.stop(grace=0)
        (row,) = await rows(here)
        assert row.finished_at is None
        assert len(await claim(here, utc_now() + LEASE * 2)) == 1


class TestPurge:
    async def test_forgets_what_was_done_a_week_ago_and_failures_much_later(
        self, database: Database
    ) -> None:
        await put(database, "done", "failed", "waiting")
        done, failed, _waiting = await claim(database)
        now = utc_now()
        async with database.transaction() as db:
            await jobs.finish(db, done, now)
            await jobs.give_up(db, failed, now, "no")

        async def left_after(**passed: float) -> list[str]:
            async with database.transaction() as db:
                await jobs.purge(db, now + timedelta(**passed))
            return [row.payload["name"] for row in await rows(database)]

        assert await left_after(days=6) == ["done", "failed", "waiting"]
        assert await left_after(days=8) == ["failed", "waiting"]
        assert await left_after(days=91) == ["waiting"]
