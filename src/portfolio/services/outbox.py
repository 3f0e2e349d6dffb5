"""Work that outlives the request that asked for it: mail, hooks, files to delete.

A job is a row of the same transaction, so it exists if and only if the change does. It is done at
least once: a handler that is interrupted runs again and must not mind.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import SystemRandom
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.context import RequestContext, enter
from portfolio.core.errors import AppError, RetryableException, UnavailableException
from portfolio.core.events import JobQueued, emit
from portfolio.core.logs import masked
from portfolio.core.sealing import SealBrokenError, Sealer
from portfolio.db.repositories.outbox import ClaimedJob, OutboxRepository
from portfolio.db.session import Database

log = structlog.get_logger(__name__)

Handler = Callable[[Any], Awaitable[None]]
Content = TypeVar("Content", bound=BaseModel)
TIDY_EVERY = timedelta(hours=1)
LONGEST_ERROR = 2000
# A handler must be over before its lease is.
HANDLER_SHARE = 0.75
_random = SystemRandom()


class HopelessError(Exception):
    """Raised by a handler for which another attempt would end like this one."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a job is tried, and how many seconds lie between: by default about a day in all."""

    attempts: int = 8
    first: float = 15
    factor: float = 4
    longest: float = 86_400

    def delay(self, attempts: int) -> float | None:
        """Seconds until the next attempt, give or take a fifth; None after the last."""
        if attempts >= self.attempts:
            return None
        pause = min(self.first * self.factor ** (attempts - 1), self.longest)
        return pause * _random.uniform(0.8, 1.2)


class OutboxService:
    def __init__(self, jobs: OutboxRepository, sealer: Sealer) -> None:
        self._jobs = jobs
        self._sealer = sealer

    async def put(
        self, db: AsyncSession, topic: str, payload: dict[str, Any], delay: float = 0
    ) -> None:
        """Have the job done after the commit, `delay` seconds from now at the earliest."""
        await self._jobs.add(db, topic, payload, utc_now() + timedelta(seconds=delay))
        emit(db, JobQueued())

    async def put_sealed(self, db: AsyncSession, topic: str, content: BaseModel) -> None:
        """put() for what nobody may read in the database."""
        await self.put(db, topic, {"sealed": self._sealer.seal(content.model_dump_json())})

    def opened(self, payload: dict[str, str], kind: type[Content]) -> Content:
        """What put_sealed() was given. Raises UnavailableException for want of the key."""
        try:
            return kind.model_validate_json(self._sealer.open(payload["sealed"]))
        except SealBrokenError as error:
            # Another process, or this one when it is started anew, may have it.
            raise UnavailableException("Sealed with a key that is not known here") from error


@dataclass(slots=True)
class _Lane:
    """Jobs that wait for nobody but each other."""

    slots: int
    topics: set[str] = field(default_factory=set)
    running: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def free(self) -> int:
        return self.slots - len(self.running)


class OutboxWorker:
    """Does the jobs, together with the workers of other processes.

    `poll`: seconds between looks at the table when nobody wakes it. `lease`: seconds for which a
    job belongs to the worker that took it; with `poll` it makes up the minute after which the work
    of a process that died is taken up. `slots`: jobs done at the same time.
    """

    def __init__(
        self,
        database: Database,
        jobs: OutboxRepository,
        *,
        poll: float = 5,
        lease: float = 50,
        slots: int = 4,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._poll = poll
        self._lease = timedelta(seconds=lease)
        self._topics: dict[str, tuple[Handler, Retry]] = {}
        self._lanes = [_Lane(slots)]
        self._woken = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False
        self._tidied_at = utc_now()

    def register(
        self, topic: str, handler: Handler, retry: Retry | None = None, *, slots: int = 0
    ) -> None:
        """Topics without a handler are left to other processes.

        `slots`: how many of its jobs are done at the same time, if others must not wait for them.
        """
        self._topics[topic] = handler, retry or Retry()
        if slots:
            self._lanes.append(_Lane(slots, {topic}))
        else:
            self._lanes[0].topics.add(topic)

    async def wake(self, _event: JobQueued) -> None:
        """Subscribe this to JobQueued."""
        self._woken.set()

    def start(self) -> None:
        """Work in the background until stop()."""
        self._stopping = False
        self._loop = asyncio.create_task(self._run(), name="outbox")

    async def stop(self, grace: float = 20) -> None:
        """Let running jobs end, for `grace` seconds; the lease of others hands them on."""
        self._stopping = True
        self._woken.set()
        if self._loop is not None:
            await self._loop
        if running := set().union(*(lane.running for lane in self._lanes)):
            _, late = await asyncio.wait(running, timeout=grace)
            for task in late:
                task.cancel()

    async def run_due(self) -> int:
        """Do all that is due now and return how many jobs that were."""
        count = 0
        while claimed := await self._claim():
            await asyncio.gather(*(self._work(job) for _, job in claimed))
            count += len(claimed)
        return count

    async def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                await self._look()
            except (AppError, RetryableException) as error:
                log.warning("outbox.waiting", reason=str(error))
            except Exception:
                log.exception("outbox.failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._poll)

    async def _look(self) -> None:
        for lane, job in await self._claim():
            task = asyncio.create_task(self._work(job), name=f"outbox-{job.id}")
            lane.running.add(task)
            task.add_done_callback(lane.running.discard)
            task.add_done_callback(self._free)
        if utc_now() - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = utc_now()
            async with self._database.transaction() as db:
                await self._jobs.purge(db, utc_now())

    def _free(self, _task: asyncio.Task[None]) -> None:
        self._woken.set()

    async def _claim(self) -> list[tuple[_Lane, ClaimedJob]]:
        """As many as each lane has room for."""
        lanes = [lane for lane in self._lanes if lane.free]
        if not lanes:
            return []
        now = utc_now()
        async with self._database.transaction() as db:
            return [
                (lane, job)
                for lane in lanes
                for job in await self._jobs.claim(db, lane.topics, lane.free, now, self._lease)
            ]

    async def _work(self, job: ClaimedJob) -> None:
        enter(RequestContext(request_id=f"job-{job.id}"))
        try:
            error = await self._attempt(job)
            async with asyncio.timeout(self._lease.total_seconds() * (1 - HANDLER_SHARE)):
                await self._settle(job, error)
        except Exception:
            # Without a note of its end the job is done again when the lease has run out.
            log.exception("job.unsettled", topic=job.topic)

    async def _attempt(self, job: ClaimedJob) -> Exception | None:
        """What went wrong; None when nothing did."""
        handler, retry = self._topics[job.topic]
        if job.attempts > retry.attempts:
            return HopelessError("The process ended during each attempt")
        try:
            async with asyncio.timeout(self._lease.total_seconds() * HANDLER_SHARE):
                await handler(job.payload)
        except HopelessError as error:
            return error
        except AppError as error:
            log.warning("job.failed", topic=job.topic, attempts=job.attempts, reason=error.detail)
            return error
        except Exception as error:
            log.warning("job.failed", topic=job.topic, attempts=job.attempts, exc_info=True)
            return error
        return None

    async def _settle(self, job: ClaimedJob, error: Exception | None) -> None:
        while True:
            try:
                async with self._database.transaction() as db:
                    return await self._note(db, job, error)
            except (AppError, RetryableException):
                await asyncio.sleep(min(self._poll, 1))

    async def _note(self, db: AsyncSession, job: ClaimedJob, error: Exception | None) -> None:
        now = utc_now()
        if error is None:
            await self._jobs.finish(db, job, now)
            return
        reason, delay = _storable(error), self._topics[job.topic][1].delay(job.attempts)
        if delay is None or isinstance(error, HopelessError):
            log.error("job.given_up", topic=job.topic, attempts=job.attempts, reason=reason)
            await self._jobs.give_up(db, job, now, reason)
        else:
            await self._jobs.postpone(db, job, now + timedelta(seconds=delay), reason)


def _storable(error: Exception) -> str:
    """What every database takes: no secrets, no NUL, no lone surrogates, an end."""
    text = f"{type(error).__name__}: {error}"
    plain = text[:LONGEST_ERROR].encode(errors="replace").decode().replace("\0", "")
    return str(masked(plain))
