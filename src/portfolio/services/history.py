"""Revisions and old addresses of whatever is published."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import context
from portfolio.core.errors import NotFoundException
from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.history import RedirectRepository, RevisionRepository
from portfolio.models.entities import EntityType
from portfolio.models.history import Revision


class HistoryService:
    def __init__(self, revisions: RevisionRepository, redirects: RedirectRepository) -> None:
        self._revisions = revisions
        self._redirects = redirects

    async def record(
        self, db: AsyncSession, kind: EntityType, entity_id: int, snapshot: dict[str, Any]
    ) -> None:
        """Keep the text as it is now, unless that is what the last revision holds already."""
        last = await self._revisions.last(db, kind, entity_id)
        if last is not None and last.snapshot == snapshot:
            return
        await self._revisions.create(
            db,
            Revision(
                entity_type=kind,
                entity_id=entity_id,
                number=last.number + 1 if last else 1,
                author_id=context.current().actor_id,
                snapshot=snapshot,
            ),
        )

    async def revisions(
        self, db: AsyncSession, kind: EntityType, entity_id: int, request: PageRequest
    ) -> Page[Revision]:
        return await self._revisions.list_of(db, kind, entity_id, request)

    async def revision(
        self, db: AsyncSession, kind: EntityType, entity_id: int, number: int
    ) -> Revision:
        """Raises NotFoundException."""
        found = await self._revisions.numbered(db, kind, entity_id, number)
        if found is None:
            raise NotFoundException(f"There is no revision {number}")
        return found

    async def moved(
        self, db: AsyncSession, kind: EntityType, entity_id: int, old_slug: str
    ) -> None:
        """A slug was given up: it leads here from now on."""
        await self._redirects.remember(db, kind, entity_id, old_slug, is_slug=True)

    async def known_as(
        self, db: AsyncSession, kind: EntityType, entity_id: int, addresses: list[str]
    ) -> None:
        """Paths of a former site lead here from now on."""
        for address in addresses:
            path = address.strip("/")
            if path:
                await self._redirects.remember(
                    db, kind, entity_id, path, is_slug="/" not in path and "." not in path
                )

    async def lookup(self, db: AsyncSession, kind: EntityType, address: str) -> int | None:
        """The entity that an old address leads to."""
        return await self._redirects.target(db, kind, address.strip("/"))

    async def forget(self, db: AsyncSession, kind: EntityType, entity_id: int) -> None:
        """The entity is gone for good."""
        await self._revisions.forget(db, kind, entity_id)
        await self._redirects.forget(db, kind, entity_id)
