"""What became public and was not told of yet; noted as it is written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.visibility import public
from portfolio.models.entities import EntityType
from portfolio.models.publications import Publishable, Status

_NOTED = "unannounced"
_KINDS = {model: kind for kind, model in EntityRepository.publications.items()}


@dataclass(frozen=True, slots=True)
class Public:
    published_at: datetime
    card: Mapping[str, Any]


class AnnouncementRepository:
    def noted(self, db: AsyncSession) -> dict[EntityType, dict[int, datetime]]:
        """Take what this session published: when each is, or will be, public."""
        noted: dict[EntityType, dict[int, datetime]] = db.info.pop(_NOTED, {})
        return noted

    async def announce(
        self, db: AsyncSession, kind: EntityType, ids: Collection[int], now: datetime
    ) -> list[Public]:
        """Those that are public and were not told of: each only once, of all who ask."""
        model = EntityRepository.publications[kind]
        statement = (
            update(model)
            .where(model.id.in_(ids), model.announced_at.is_(None), public(model))
            .values(announced_at=now)
            .returning(model.published_at, model.card)
            # It is no change that a reader would see.
            .execution_options(synchronize_session=False, cache_tags=())
        )
        found = (await db.execute(statement, {"now": now})).all()
        return [Public(at, orjson.loads(card)) for at, card in found if at is not None]


@event.listens_for(Session, "after_flush")
def _note_published(session: Session, *_rest: Any) -> None:
    for row in [*session.new, *session.dirty]:
        kind = _KINDS.get(type(row))
        if kind is not None and _is_news(row):
            session.info.setdefault(_NOTED, {}).setdefault(kind, {})[row.id] = row.listed_at


def _is_news(row: Publishable) -> bool:
    return row.announced_at is None and row.status is Status.PUBLISHED and row.deleted_at is None
