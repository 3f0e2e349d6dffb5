"""Puts one document into the database with all that hangs on it, in one transaction."""

import asyncio
from collections.abc import Mapping
from itertools import count

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import RetryableException
from portfolio.core.markdown import render
from portfolio.core.media_links import PUBLIC_PATH
from portfolio.db.repositories.bookkeeping import Imported, ImportSourceRepository
from portfolio.db.session import Database
from portfolio.importers.kinds import Kind
from portfolio.importers.material import Material
from portfolio.importers.order import placed, rank
from portfolio.importers.plan import Plan, Task
from portfolio.importers.shelf import Shelf
from portfolio.importers.targets import JOBS, Target
from portfolio.models.bookkeeping import ImportSource
from portfolio.schemas.publications import PublicationFields
from portfolio.services.picture_files import StoredPicture

ATTEMPTS = 5
FIRST_PAUSE = 0.1  # seconds; each further one is twice as long


class Writer:
    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        sources: ImportSourceRepository,
        targets: Mapping[Kind, Target],
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._sources = sources
        self._targets = targets

    async def rehearse(self, task: Task, material: Material) -> None:
        """Raises what write() would raise because of the document. Writes nothing."""
        stored = {at: PUBLIC_PATH + found.digest for at, found in material.pictures.items()}
        data = self._targets[task.document.kind].shape(task, material, stored)
        if isinstance(data, PublicationFields):
            await asyncio.to_thread(render, data.body_markdown)

    async def write(self, plan: Plan, task: Task, material: Material) -> None:
        """Raises DocumentError, and the AppError of what cannot be done: nothing stays of it then."""
        for attempt in count(1):
            try:
                row_id, rows = await self._write(plan, task, material)
            except RetryableException:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(FIRST_PAUSE * 2**attempt)
            else:
                plan.keep(task.document, row_id, rows)
                return

    async def _write(
        self, plan: Plan, task: Task, material: Material
    ) -> tuple[int, list[Imported]]:
        """Its id, and all of the kind as they are then."""
        kind = task.document.kind
        stored: dict[str, StoredPicture] = {}
        if kind != JOBS:
            stored, refused = await self._shelf.keep(material.pictures)
            material = material.without(refused)
        target = self._targets[kind]
        addresses = {at: picture.file.url for at, picture in stored.items()}
        data = await asyncio.to_thread(target.shape, task, material, addresses)
        pictures = {picture.file.url: picture for picture in stored.values()}
        async with self._database.transaction() as db:
            await self._shelf.hold(db, material.pictures.values())
            row_id = await target.put(db, plan, task, data, pictures)
            rows = await self._arrange(db, plan, task, row_id)
            await self._note(db, task, row_id, material.digest)
        return row_id, rows

    async def _arrange(
        self, db: AsyncSession, plan: Plan, task: Task, row_id: int
    ) -> list[Imported]:
        """Give it its place among the others; returns all of the kind as they are then."""
        kind, owner_id = task.document.kind, plan.owner.id
        if kind == "posts":
            return plan.rows[kind]
        rows = await self._sources.rows(db, kind, owner_id)
        current = [row.id for row in rows if row.deleted_at is None]
        ranks = {**plan.ranks[kind], row_id: rank(task.document)}
        wanted = placed(current, ranks, row_id)
        if wanted == current:
            return rows
        await self._targets[kind].arrange(db, plan, wanted)
        before = {row.id: row.version for row in rows}
        rows = await self._sources.rows(db, kind, owner_id)
        for row in rows:
            if row.version != before[row.id]:
                await self._sources.follow(db, kind, row.id, before[row.id], row.version)
        return rows

    async def _note(self, db: AsyncSession, task: Task, row_id: int, digest: str) -> None:
        kind, source = task.document.kind, task.document.source
        state = {
            "digest": digest,
            "entity_version": await self._sources.version_of(db, kind, row_id),
        }
        noted = await self._sources.by_source(db, source) if task.source else None
        if noted is not None:
            await self._sources.update(db, noted, state)
            return
        row = ImportSource(source=source, entity_type=kind, entity_id=row_id, **state)
        await self._sources.create(db, row)
