import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from tests.factories.jobs import LEASE, TOPIC, Greeter, claim, jobs, outbox, put, rows

from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException
from portfolio.core.events import EventBus, JobQueued
from portfolio.db.session import Database
from portfolio.services.outbox import HopelessError, OutboxWorker, Retry


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
        assert row.payload == {}

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

    async def test_is_final_at_once_where_it_is_hopeless(self, here: Database) -> None:
        async def refuse(_payload: Any) -> None:
            raise HopelessError("no such mailbox")

        reasonable = OutboxWorker(here, jobs)
        reasonable.register(TOPIC, refuse)
        await put(here, "Ada")
        await reasonable.run_due()
        (row,) = await rows(here)
        assert row.failed_at is not None
        assert (row.attempts, row.last_error) == (1, "HopelessError: no such mailbox")

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


class TestPurge:
    async def test_forgets_what_was_done_a_week_ago_and_failures_much_later(
        self, database: Database
    ) -> None:
        await put(database, "done", "failed", "waiting")
        done, failed, waiting = await claim(database)
        now = utc_now()
        async with database.transaction() as db:
            await jobs.finish(db, done, now)
            await jobs.give_up(db, failed, now, "no")

        async def left_after(**passed: float) -> list[int]:
            async with database.transaction() as db:
                await jobs.purge(db, now + timedelta(**passed))
            return [row.id for row in await rows(database)]

        assert await left_after(days=6) == [done.id, failed.id, waiting.id]
        assert await left_after(days=8) == [failed.id, waiting.id]
        assert await left_after(days=91) == [waiting.id]
