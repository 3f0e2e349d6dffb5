from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.models.audit import AuditEntry, AuditOrigin, AuditSeal


@dataclass(frozen=True, slots=True)
class Link:
    """A seal with what it seals, as far as that is there."""

    seal: AuditSeal
    entry: AuditEntry | None
    origin: AuditOrigin | None


def _of_entity(value: str) -> ColumnElement[bool]:
    kind, _, number = value.partition(":")
    if not number:
        return AuditEntry.target_type == kind
    return and_(AuditEntry.target_type == kind, AuditEntry.target_id == int(number))


class AuditRepository(
    BaseRepository[AuditEntry]  # type: ignore[type-var]  # lists need an id, entries no version
):
    model = AuditEntry
    sortable: ClassVar = {"created_at": AuditEntry.created_at}
    default_sort: ClassVar[str] = "-created_at"
    filters: ClassVar[Mapping[str, Callable[[Any], ColumnElement[bool]]]] = {
        "actor": lambda value: AuditEntry.actor_id == value,
        "action": lambda value: AuditEntry.action == str(value),
        "entity": _of_entity,
        "since": lambda value: AuditEntry.created_at >= value,
        "until": lambda value: AuditEntry.created_at < value,
    }

    async def add(self, db: AsyncSession, entry: AuditEntry) -> None:
        db.add(entry)
        await db.flush()

    async def list_of(
        self, db: AsyncSession, request: PageRequest, filters: Mapping[str, Any]
    ) -> Page[AuditEntry]:
        conditions = [self.filters[name](value) for name, value in filters.items()]
        return await self.all(db, request, *conditions, options=[joinedload(AuditEntry.origin)])

    async def purge_origins(self, db: AsyncSession, before: datetime) -> None:
        await db.execute(
            delete(AuditOrigin)
            .where(AuditOrigin.created_at < before)
            .execution_options(synchronize_session=False)
        )


class SealRepository:
    async def last(self, db: AsyncSession) -> AuditSeal | None:
        statement = select(AuditSeal).order_by(AuditSeal.sequence.desc()).limit(1)
        return (await db.execute(statement)).scalar_one_or_none()

    async def last_sealed(self, db: AsyncSession) -> int:
        """The highest number of an entry that has a seal; 0 without any."""
        return (await db.execute(select(func.max(AuditSeal.entry_id)))).scalar_one() or 0

    async def unsealed(
        self, db: AsyncSession, above: int, limit: int
    ) -> list[tuple[AuditEntry, AuditOrigin | None]]:
        """Entries above a number that have no seal, in their order."""
        statement = (
            select(AuditEntry, AuditOrigin)
            .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
            .outerjoin(AuditOrigin, AuditOrigin.entry_id == AuditEntry.id)
            .where(AuditEntry.id > above, AuditSeal.sequence.is_(None))
            .order_by(AuditEntry.id)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in await db.execute(statement)]

    async def append(self, db: AsyncSession, seals: Sequence[AuditSeal]) -> None:
        """A sequence or an entry that another process took first is an IntegrityError."""
        db.add_all(seals)
        await db.flush()

    async def links(self, db: AsyncSession, above: int, limit: int) -> list[Link]:
        """The chain from after a sequence on."""
        statement = (
            select(AuditSeal, AuditEntry, AuditOrigin)
            .outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
            .outerjoin(AuditOrigin, AuditOrigin.entry_id == AuditEntry.id)
            .where(AuditSeal.sequence > above)
            .order_by(AuditSeal.sequence)
            .limit(limit)
        )
        return [Link(*row) for row in await db.execute(statement)]
