from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import BigInteger, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.models.entities import EntityType
from portfolio.models.media import Image

# Rendered as literals: SQL Server takes no more than 2,100 parameters.
_IDS = bindparam("ids", type_=BigInteger, expanding=True, literal_execute=True)
_OF_ENTITIES = (
    select(Image)
    .where(
        Image.entity_type == bindparam("kind", type_=Image.entity_type.type),
        Image.entity_id.in_(_IDS),
    )
    .order_by(Image.position, Image.id)
)


class ImageRepository(BaseRepository[Image]):
    model = Image
    sortable: ClassVar = {
        "position": Image.position,
        "created_at": Image.created_at,
        "updated_at": Image.updated_at,
    }
    default_sort: ClassVar[str] = "position"

    async def of_entities(
        self, db: AsyncSession, kind: EntityType, ids: Sequence[int]
    ) -> list[Image]:
        """All their images by position, in one statement."""
        return list(await db.scalars(_OF_ENTITIES, {"kind": kind, "ids": ids}))

    async def with_url(
        self, db: AsyncSession, kind: EntityType | None, entity_id: int | None, url: str
    ) -> Image | None:
        """The image of this entity, or in the library, that has this address."""
        return await self.first(
            db, Image.entity_type == kind, Image.entity_id == entity_id, Image.url == url
        )

    async def cover(
        self, db: AsyncSession, kind: EntityType | None, entity_id: int | None
    ) -> Image | None:
        is_it = and_(Image.entity_type == kind, Image.entity_id == entity_id, Image.is_cover)
        return await self.first(db, is_it)

    async def is_used(self, db: AsyncSession, key: str) -> bool:
        return await self.first(db, Image.storage_key == key) is not None

    async def next_position(
        self, db: AsyncSession, kind: EntityType | None, entity_id: int | None
    ) -> int:
        statement = select(func.max(Image.position)).where(
            Image.entity_type == kind, Image.entity_id == entity_id
        )
        last: int | None = await db.scalar(statement)
        return 0 if last is None else last + 1

    async def page_of(
        self,
        db: AsyncSession,
        kind: EntityType | None,
        entity_id: int | None,
        request: PageRequest,
    ) -> Page[Image]:
        """Images of an entity, or of the library: those that no entity has."""
        conditions = (Image.entity_type == kind, Image.entity_id == entity_id)
        total = None
        if request.cursor is None:
            total = await db.scalar(select(func.count(Image.id)).where(*conditions))
        return await self.page(db, select(Image).where(*conditions), request, total)
