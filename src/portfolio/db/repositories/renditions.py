"""Pictures that are kept here and have no variants yet."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.models.media import Image

# Imports of former times took them in; nothing is made of them.
_DRAWINGS = "%.svg"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The ids of the images without variants that show a file.

    `is_clean`: it was encoded here. What imports of former times copied has no colour noted.
    """

    images: list[int]
    is_clean: bool


class RenditionRepository:
    async def keys(self, db: AsyncSession) -> list[str]:
        """Of the files of all images without variants."""
        found = await db.scalars(
            select(Image.storage_key)
            .where(
                Image.storage_key.is_not(None),
                Image.storage_key.not_like(_DRAWINGS),
                Image.variants.is_(None),
            )
            .distinct()
            .order_by(Image.storage_key)
        )
        return [key for key in found if key is not None]

    async def waiting(self, db: AsyncSession, key: str) -> Waiting:
        of_file = Image.storage_key == key
        waiting = select(Image.id).where(of_file, Image.variants.is_(None)).order_by(Image.id)
        coloured = select(func.count(Image.id)).where(of_file, Image.color.is_not(None))
        return Waiting([*await db.scalars(waiting)], bool(await db.scalar(coloured)))
