from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.models.outbox import OutboxJob

KEPT_WHEN_DONE = timedelta(days=7)
KEPT_WHEN_FAILED = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """`attempts` counts this one too, and so tells this lease from those of other workers."""

    id: int
    topic: str
    payload: Any
    attempts: int


class OutboxRepository:
    async def add(self, db: AsyncSession, topic: str, payload: Any, due: datetime) -> None:
        db.add(OutboxJob(topic=topic, payload=payload, available_at=due))
        await db.flush()

    async def claim(
        self,
        db: AsyncSession,
        topics: Collection[str],
        limit: int,
        now: datetime,
        lease: timedelta,
    ) -> list[ClaimedJob]:
        """Take up to `limit` due jobs, which nobody else gets before the lease has run out."""
        due = (
            select(OutboxJob.id)
            .where(
                OutboxJob.finished_at.is_(None),
                OutboxJob.available_at <= now,
                OutboxJob.topic.in_(topics),
            )
            .order_by(OutboxJob.available_at, OutboxJob.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .with_hint(OutboxJob, "WITH (UPDLOCK, READPAST, ROWLOCK)", "mssql")
        )
        taken = await db.execute(
            update(OutboxJob)
            .where(OutboxJob.id.in_(due))
            .values(available_at=now + lease, attempts=OutboxJob.attempts + 1)
            .returning(OutboxJob.id, OutboxJob.topic, OutboxJob.payload, OutboxJob.attempts)
            .execution_options(synchronize_session=False)
        )
        return sorted((ClaimedJob(*row) for row in taken), key=lambda job: job.id)

    async def finish(self, db: AsyncSession, job: ClaimedJob, at: datetime) -> None:
        """What the job was about is forgotten with it."""
        await self._settle(db, job, finished_at=at, last_error=None, payload={})

    async def postpone(
        self, db: AsyncSession, job: ClaimedJob, until: datetime, error: str
    ) -> None:
        await self._settle(db, job, available_at=until, last_error=error)

    async def give_up(self, db: AsyncSession, job: ClaimedJob, at: datetime, error: str) -> None:
        await self._settle(db, job, finished_at=at, failed_at=at, last_error=error)

    async def purge(self, db: AsyncSession, now: datetime) -> None:
        """Forget what was done a week ago, and what failed a quarter of a year ago."""
        done = and_(OutboxJob.failed_at.is_(None), OutboxJob.finished_at < now - KEPT_WHEN_DONE)
        failed = OutboxJob.finished_at < now - KEPT_WHEN_FAILED
        await db.execute(
            delete(OutboxJob).where(or_(done, failed)).execution_options(synchronize_session=False)
        )

    async def _settle(self, db: AsyncSession, job: ClaimedJob, **values: Any) -> None:
        """Note an outcome, unless the lease ran out and the job is another worker's by now."""
        await db.execute(
            update(OutboxJob)
            .where(
                OutboxJob.id == job.id,
                OutboxJob.attempts == job.attempts,
                OutboxJob.finished_at.is_(None),
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )
