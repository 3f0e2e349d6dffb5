"""Entries of the audit trail, those who seal and verify them, and what the tables hold."""

from datetime import timedelta
from typing import Any

import time_machine
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portfolio.core.clock import utc_now
from portfolio.core.context import RequestContext, enter
from portfolio.db.repositories.audit import AuditRepository, SealRepository
from portfolio.db.session import Database
from portfolio.models.audit import Action, AuditEntry, AuditSeal
from portfolio.services.audit import AuditProofs, AuditSealer, AuditService, AuditVerifier, Verdict

KEY = "k" * 32
entries, seals = AuditRepository(), SealRepository()
audit = AuditService(entries, AuditProofs([KEY]))


def ask_from(address: str, agent: str = "Firefox", actor_id: int | None = None) -> None:
    """Have the rest of the test be a request from there."""
    enter(RequestContext("req-1", actor_id, address, agent))


async def record(database: Database, *targets: int, **more: Any) -> None:
    """One entry for each, each in a transaction of its own."""
    for target in targets:
        async with database.transaction() as db:
            await audit.record(db, Action.POST_UPDATED, target=("post", target), **more)


def make_sealer(database: Database, *keys: str) -> AuditSealer:
    return AuditSealer(database, entries, seals, AuditProofs([*keys, KEY]))


async def seal(database: Database, *keys: str) -> None:
    await make_sealer(database, *keys).seal()


async def purge(database: Database, passed: timedelta) -> None:
    """As it would go then."""
    with time_machine.travel(utc_now() + passed):
        await make_sealer(database).purge()


async def verify(database: Database, *keys: str, expected: str | None = None) -> Verdict:
    verifier = AuditVerifier(seals, AuditProofs([*keys, KEY]))
    async with database.reading() as db:
        return await verifier.verify(db, expected)


async def trail(database: Database) -> list[AuditEntry]:
    statement = select(AuditEntry).options(joinedload(AuditEntry.origin)).order_by(AuditEntry.id)
    async with database.reading() as db:
        return list(await db.scalars(statement))


async def chain(database: Database) -> list[AuditSeal]:
    async with database.reading() as db:
        return list(await db.scalars(select(AuditSeal).order_by(AuditSeal.sequence)))
