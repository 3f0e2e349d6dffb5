import asyncio
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.factories.jobs import LEASE, TOPIC, Greeter, claim, jobs, outbox, put, rows

from portfolio.core.clock import utc_now
from portfolio.core.context import current
from portfolio.core.events import EventBus, JobQueued
from portfolio.db.session import Database
from portfolio.services.outbox import OutboxWorker


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


class TestJobsWithSlotsOfTheirOwn:
    async def test_keep_no_others_waiting(
        self, here: Database, bus: EventBus, worker: OutboxWorker, greeter: Greeter
    ) -> None:
        running, most, left = 0, 0, 9
        go_on, last = asyncio.Event(), asyncio.Event()

        async def wait(_payload: Any) -> None:
            nonlocal running, most, left
            running += 1
            most = max(most, running)
            await go_on.wait()
            running, left = running - 1, left - 1
            if not left:
                last.set()

        worker.register("test.slow", wait, slots=2)
        bus.subscribe(JobQueued, worker.wake)
        async with here.transaction() as db:
            for _ in range(left):
                await outbox.put(db, "test.slow", {})
        await put(here, "Ada")
        worker.start()
        await asyncio.wait_for(greeter.called.wait(), 10)
        go_on.set()
        await asyncio.wait_for(last.wait(), 10)
        await worker.stop()
        assert most == 2
