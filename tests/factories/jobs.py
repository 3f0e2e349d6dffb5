"""Jobs that greet somebody, and looks into the table of the outbox."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portfolio.core.clock import utc_now
from portfolio.core.sealing import Sealer
from portfolio.db.repositories.outbox import ClaimedJob, OutboxRepository
from portfolio.db.session import Database
from portfolio.models.outbox import OutboxJob
from portfolio.services.outbox import OutboxService

TOPIC = "test.greet"
LEASE = timedelta(seconds=60)
jobs = OutboxRepository()
outbox = OutboxService(jobs, Sealer(["k" * 32]))


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
