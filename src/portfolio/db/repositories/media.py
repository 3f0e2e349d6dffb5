"""Pictures and videos of what can have them, and the library of those that belong to none."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from sqlalchemy import BigInteger, UnicodeText, and_, bindparam, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.models.entities import EntityType
from portfolio.models.media import Image, Video

MediumType = TypeVar("MediumType", bound=Image | Video)

# Rendered as literals: SQL Server takes no more than 2,100 parameters.
_IDS = bindparam("ids", type_=BigInteger, expanding=True, literal_execute=True)


class MediaRepository(BaseRepository[MediumType]):
    default_sort: ClassVar[str] = "position"

    def __init__(self) -> None:
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

    async def is_used(self, db: AsyncSession, key: str) -> bool:
        """Whether anything here shows this file."""
        return await self.first(db, self.model.storage_key == key) is not None

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


class ImageRepository(MediaRepository[Image]):
    model = Image
    sortable: ClassVar = {
        "position": Image.position,
        "created_at": Image.created_at,
        "updated_at": Image.updated_at,
    }

    async def is_used(self, db: AsyncSession, key: str) -> bool:
        """Whether an image is this file, or has it for a variant."""
        # Inside the JSON, as it is stored: keys have no character that LIKE or JSON would escape.
        in_variants = type_coerce(Image.variants, UnicodeText).contains(key)
        return await self.first(db, or_(Image.storage_key == key, in_variants)) is not None

    async def cover(
        self, db: AsyncSession, kind: EntityType | None, entity_id: int | None
    ) -> Image | None:
        is_it = and_(Image.entity_type == kind, Image.entity_id == entity_id, Image.is_cover)
        return await self.first(db, is_it)
