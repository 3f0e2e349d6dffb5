"""Telling pages that something became public, once in its life."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.db.repositories.announcements import AnnouncementRepository, Public
from portfolio.db.session import Database
from portfolio.models.entities import EntityType
from portfolio.models.live import LiveType
from portfolio.services.live import LiveService
from portfolio.services.outbox import OutboxService

ANNOUNCE: Final = "announce"
# What was public elsewhere before it came here is no news.
NEWS = timedelta(days=1)
_KINDS: Final = {
    EntityType.POSTS: LiveType.POST_PUBLISHED,
    EntityType.PROJECTS: LiveType.PROJECT_PUBLISHED,
}
_SHOWN = ("id", "slug", "title", "excerpt", "summary", "published_at", "author")
_LABELS = {EntityType.POSTS: "tags", EntityType.PROJECTS: "technologies"}
_LATE = 0.5  # seconds after the moment, for whose clock is a little behind


class Announcements:
    """Looks at each transaction before its commit; the job ANNOUNCE does it for what is scheduled."""

    def __init__(
        self,
        database: Database,
        rows: AnnouncementRepository,
        live: LiveService,
        jobs: OutboxService,
    ) -> None:
        self._database = database
        self._rows = rows
        self._live = live
        self._jobs = jobs

    async def tell_noted(self, db: AsyncSession) -> None:
        """Of what this transaction made public; what is scheduled, at its time."""
        for kind, noted in self._rows.noted(db).items():
            now = utc_now()
            due = [row_id for row_id, at in noted.items() if at <= now]
            if due:
                await self._tell(db, kind, due, now)
            for row_id, at in noted.items():
                if at > now:
                    payload = {"kind": kind, "id": row_id}
                    delay = (at - now).total_seconds() + _LATE
                    await self._jobs.put(db, ANNOUNCE, payload, delay)

    async def __call__(self, payload: Mapping[str, Any]) -> None:
        """Perhaps it is not public after all, or another job was faster: then there is no news."""
        async with self._database.transaction() as db:
            await self._tell(db, EntityType(payload["kind"]), [payload["id"]], utc_now())

    async def _tell(
        self, db: AsyncSession, kind: EntityType, ids: list[int], now: datetime
    ) -> None:
        for public in await self._rows.announce(db, kind, ids, now):
            if public.published_at > now - NEWS:
                await self._live.tell(db, kind, _KINDS[kind], _shown(kind, public))


def _shown(kind: EntityType, public: Public) -> dict[str, Any]:
    card = public.card
    shown = {name: card[name] for name in _SHOWN if name in card}
    return {**shown, "tags": card[_LABELS[kind]]}
