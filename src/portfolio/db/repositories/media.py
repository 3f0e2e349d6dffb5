"""Pictures and videos of what can have them, and the library of those that belong to none."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from sqlalchemy import BigInteger, and_, bindparam, case, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.markdown.pictures import Picture
from portfolio.core.media_links import PUBLIC_PATH
from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.file_uses import KEYS, FileUseRepository
from portfolio.models.entities import EntityType
from portfolio.models.media import FileUse, Image, Video

MediumType = TypeVar("MediumType", bound=Image | Video)

# Rendered as literals: SQL Server takes no more than 2,100 parameters.
_IDS = bindparam("ids", type_=BigInteger, expanding=True, literal_execute=True)
# Of the images of each file two at most, for thousands may show the same: the newest one with
# variants, and the newest without.
_NEWEST = (
    select(Image)
    .where(
        Image.id.in_(
            select(func.max(Image.id))
            .where(Image.storage_key.in_(KEYS))
            .group_by(Image.storage_key, case((Image.variants.is_(None), 0), else_=1))
        )
    )
    .order_by(Image.id.desc())
)


class MediaRepository(BaseRepository[MediumType]):
    default_sort: ClassVar[str] = "position"

    def __init__(self) -> None:
        self._uses = FileUseRepository()
        model = self.model
        self._of_entities = (
            select(model)
            .where(
                model.entity_type == bindparam("kind", type_=model.entity_type.type),
                model.entity_id.in_(_IDS),
            )
            .order_by(model.position, model.id)
        )

    async def of_entities(
        self, db: AsyncSession, kind: EntityType, ids: Sequence[int]
    ) -> list[MediumType]:
        """All of theirs by position, in one statement."""
        found: list[Any] = list(await db.scalars(self._of_entities, {"kind": kind, "ids": ids}))
        return found

    async def with_url(
        self, db: AsyncSession, kind: EntityType | None, entity_id: int | None, url: str
    ) -> MediumType | None:
        """The one of this entity, or in the library, that has this address."""
        model = self.model
        return await self.first(
            db, model.entity_type == kind, model.entity_id == entity_id, model.url == url
        )

    async def create(self, db: AsyncSession, row: MediumType) -> MediumType:
        await super().create(db, row)
        await self._note_files(db, row)
        return row

    async def update(
        self, db: AsyncSession, row: MediumType, values: Mapping[str, Any]
    ) -> MediumType:
        before = row.files
        await super().update(db, row, values)
        if row.files != before:
            await self._note_files(db, row)
        return row

    async def hold_file(self, db: AsyncSession, key: str) -> bool:
        """Whether this file is here; it will be, until this transaction ends."""
        return await self._uses.hold(db, key)

    async def replace_file(
        self, db: AsyncSession, row: MediumType, values: Mapping[str, Any]
    ) -> None:
        """update() with another file: who asks for the former one from now on means that."""
        former = row.storage_key
        if former is not None:
            # Whoever replaces it elsewhere, or names it in a text, does so before or after this.
            await self.hold_file(db, former)
        await self.update(db, row, values)
        if former is not None and former != row.storage_key:
            await self._uses.replace(db, former, row.storage_key or "")

    async def delete(self, db: AsyncSession, row: MediumType) -> None:
        await self._uses.drop(db, row.__tablename__, row.id)
        await super().delete(db, row)

    async def with_file(self, db: AsyncSession, key: str) -> MediumType | None:
        """One that is this file, or took its place.

        Nobody deletes the file until this transaction ends.
        """
        now = (await self._uses.successors(db, [key])).get(key, key)
        is_shown = await self.hold_file(db, now)
        return await self.first(db, self.model.storage_key == now) if is_shown else None

    async def next_position(
        self, db: AsyncSession, kind: EntityType | None, entity_id: int | None
    ) -> int:
        model = self.model
        statement = select(func.max(model.position)).where(
            model.entity_type == kind, model.entity_id == entity_id
        )
        last: int | None = await db.scalar(statement)
        return 0 if last is None else last + 1

    async def page_of(
        self,
        db: AsyncSession,
        kind: EntityType | None,
        entity_id: int | None,
        request: PageRequest,
    ) -> Page[MediumType]:
        """Those of an entity, or of the library: those that no entity has."""
        model = self.model
        return await self.all(db, request, model.entity_type == kind, model.entity_id == entity_id)

    async def note_former(self, db: AsyncSession, limit: int = 100) -> int:
        """Note the files of rows that a former version wrote beside this one; of how many."""
        model = self.model
        noted = select(FileUse.id).where(
            FileUse.used_by == model.__tablename__, FileUse.used_by_id == model.id
        )
        unnoted = select(model).where(model.storage_key.is_not(None), not_(noted.exists()))
        rows: list[Any] = list(await db.scalars(unnoted.order_by(model.id).limit(limit)))
        for row in rows:
            await self._note_files(db, row)
        return len(rows)

    async def _note_files(self, db: AsyncSession, row: MediumType) -> None:
        owner = row.entity_type, row.entity_id
        await self._uses.put(db, row.__tablename__, row.id, row.files, owner)


class ImageRepository(MediaRepository[Image]):
    model = Image
    sortable: ClassVar = {
        "position": Image.position,
        "created_at": Image.created_at,
        "updated_at": Image.updated_at,
    }

    async def shown_as(self, db: AsyncSession, keys: Sequence[str]) -> dict[str, Picture]:
        """By the address of each of these files, the picture that is shown there."""
        successors = await self._uses.successors(db, keys)
        # Named by texts alone, they have nothing but an address.
        found = {key: Picture(PUBLIC_PATH + key, None, None, []) for key in successors.values()}
        for image in await db.scalars(_NEWEST, {"keys": [*keys, *found]}):
            # Of several, one that has its variants.
            if image.storage_key and (image.variants or image.storage_key not in found):
                found[image.storage_key] = _picture(image)
        shown = {key: successors.get(key, key) for key in keys}
        return {PUBLIC_PATH + key: found[now] for key, now in shown.items() if now in found}

    async def cover(
        self, db: AsyncSession, kind: EntityType | None, entity_id: int | None
    ) -> Image | None:
        is_it = and_(Image.entity_type == kind, Image.entity_id == entity_id, Image.is_cover)
        return await self.first(db, is_it)


def _picture(image: Image) -> Picture:
    return Picture(image.url, image.width, image.height, image.variants or [])
