"""What pictures and videos have in common: they belong to something in an order, or to nothing yet."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Generic

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.context import current
from portfolio.core.errors import InvalidInputException, NotFoundException
from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.media import MediaRepository, MediumType
from portfolio.models.entities import EntityType
from portfolio.models.users import User
from portfolio.services import policy
from portfolio.services.files import DELETE_FILE
from portfolio.services.illustrations import RENEW_TEXTS
from portfolio.services.outbox import OutboxService
from portfolio.services.quota import UploadQuota
from portfolio.services.versions import require_version


class AttachmentService(Generic[MediumType]):
    """`entity_type` is an EntityType, its value, or the word for a single one: "project"."""

    def __init__(
        self,
        rows: MediaRepository[MediumType],
        entities: EntityRepository,
        outbox: OutboxService,
        quota: UploadQuota,
    ) -> None:
        self._rows = rows
        self._entities = entities
        self._outbox = outbox
        self._quota = quota

    # By entity

    async def of_entity(
        self, db: AsyncSession, entity_id: int, entity_type: EntityType | str
    ) -> list[MediumType]:
        """By position."""
        return await self._rows.of_entities(db, EntityType.named(entity_type), [entity_id])

    async def of_entities(
        self, db: AsyncSession, ids: Iterable[int], entity_type: EntityType | str
    ) -> dict[int, list[MediumType]]:
        """Those of each, by position, in one statement for any number of entities."""
        found: dict[int, list[MediumType]] = {entity_id: [] for entity_id in ids}
        if found:
            kind = EntityType.named(entity_type)
            for row in await self._rows.of_entities(db, kind, list(found)):
                found[row.entity_id or 0].append(row)
        return found

    async def delete_for_entity(
        self, db: AsyncSession, entity_id: int, entity_type: EntityType | str
    ) -> None:
        """With the files that nothing else shows."""
        for row in await self.of_entity(db, entity_id, entity_type):
            await self._remove(db, row)

    async def note_former(self, db: AsyncSession) -> int:
        """Have files kept that a former version stored, running beside this one; of how many rows.

        To be repeated until there are none.
        """
        return await self._rows.note_former(db)

    # As the doors offer it

    async def page(
        self,
        db: AsyncSession,
        kind: EntityType,
        ref: str,
        request: PageRequest,
        viewer: User | None,
    ) -> Page[MediumType]:
        """Raises NotFoundException, also for what belongs to something `viewer` may not see."""
        entity_id = await self._entities.find(db, kind, ref, viewer)
        if policy.may_edit_content(viewer):
            await self._note(db, kind, entity_id)
        return await self._rows.page_of(db, kind, entity_id, request)

    async def library(self, db: AsyncSession, request: PageRequest) -> Page[MediumType]:
        """Those without entity, the newest first."""
        newest_first = replace(request, sort=request.sort or "-created_at")
        return await self._rows.page_of(db, None, None, newest_first)

    async def read(self, db: AsyncSession, row_id: int, viewer: User | None) -> MediumType:
        """Raises NotFoundException; for others than admins also for what is in the library."""
        row = await self._rows.get_one(db, row_id)
        if row.entity_type is not None and row.entity_id is not None:
            await self._entities.find(db, row.entity_type, row.entity_id, viewer)
        elif not policy.may_edit_content(viewer):
            raise NotFoundException
        if policy.may_edit_content(viewer):
            await self._note(db, row.entity_type, row.entity_id)
        return row

    async def reorder(
        self, db: AsyncSession, kind: EntityType, ref: str, ids: Sequence[int], viewer: User
    ) -> Page[MediumType]:
        """Raises NotFoundException; InvalidInputException unless `ids` name each of it once."""
        entity_id = await self._entities.find(db, kind, ref, viewer)
        await self._note(db, kind, entity_id)
        await self._entities.hold(db, kind, entity_id)
        rows = {row.id: row for row in await self.of_entity(db, entity_id, kind)}
        if sorted(ids) != sorted(rows):
            raise InvalidInputException.of("ids", f"name every {self._noun} of it, each once")
        for position, row_id in enumerate(ids):
            rows[row_id].position = position
        await db.flush()
        ordered = [rows[row_id] for row_id in ids]
        return Page(ordered, limit=len(ordered), total=len(ordered), page=1)

    async def delete(self, db: AsyncSession, row_id: int, expected: int | None = None) -> None:
        """Raises NotFoundException, PreconditionFailedException."""
        row = await self._rows.get_one(db, row_id)
        require_version(row, expected)
        await self._remove(db, row)

    # Inside

    @property
    def _noun(self) -> str:
        return self._rows.model.__name__.lower()

    async def _found(
        self, db: AsyncSession, target: tuple[EntityType, str] | None, viewer: User
    ) -> tuple[EntityType | None, int | None]:
        """Its kind and id; None stands for the library. Raises NotFoundException."""
        if target is None:
            return None, None
        kind, ref = target
        entity_id = await self._entities.find(db, kind, ref, viewer)
        await self._note(db, kind, entity_id)
        return kind, entity_id

    async def _hold(
        self, db: AsyncSession, entity_id: int | None, entity_type: EntityType | str | None
    ) -> EntityType | None:
        """Of the entity, that nobody deletes it meanwhile; None stands for the library."""
        if entity_type is None or entity_id is None:
            return None
        kind = EntityType.named(entity_type)
        await self._entities.hold(db, kind, entity_id)
        return kind

    async def _note(self, db: AsyncSession, kind: EntityType | None, entity_id: int | None) -> None:
        """Have the answer say so, if what it shows belongs to something that is not public."""
        if kind is None or entity_id is None:
            return
        if not await self._entities.is_public(db, kind, entity_id):
            current().shows_unpublished = True

    async def _remove(self, db: AsyncSession, row: MediumType) -> None:
        files = row.files
        await self._rows.delete(db, row)
        await self._give_up(db, *files)

    async def _replace(
        self,
        db: AsyncSession,
        row_id: int,
        values: dict[str, Any],
        uploaded_by: int | None,
        expected: int | None,
    ) -> MediumType:
        async with self._quota.within(db, uploaded_by):
            row = await self._rows.get_locked(db, row_id)
            require_version(row, expected)
            former = row.files
            await self._rows.replace_file(db, row, {**values, "uploaded_by": uploaded_by})
            await self._note(db, row.entity_type, row.entity_id)
            await self._outbox.put(db, RENEW_TEXTS, {"keys": former})
            await self._give_up(db, *former)
        return row

    async def _give_up(self, db: AsyncSession, *keys: str) -> None:
        """Have these files deleted, unless something else shows them."""
        if keys:
            await self._outbox.put(db, DELETE_FILE, {"keys": keys})
