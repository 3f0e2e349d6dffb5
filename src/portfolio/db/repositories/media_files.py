"""Which stored files are spoken of, and by what."""

from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.repositories.media import ImageRepository
from portfolio.models.media import FileUse, Image


@dataclass(frozen=True, slots=True)
class FileRef:
    """`kind`: image, video, post … `variant`: the row can do without the file."""

    kind: str
    row_id: int
    key: str
    variant: bool = False


class MediaFileRepository:
    def __init__(self) -> None:
        self._images = ImageRepository()

    async def all(self, db: AsyncSession) -> list[FileRef]:
        """Every file of ours that a row names."""
        of_image = and_(FileUse.used_by == Image.__tablename__, FileUse.used_by_id == Image.id)
        found = select(FileUse.used_by, FileUse.used_by_id, FileUse.key, Image.storage_key)
        return [
            FileRef(used_by.removesuffix("s"), row_id, key, variant=original not in {None, key})
            for used_by, row_id, key, original in await db.execute(
                found.outerjoin(Image, of_image).order_by(FileUse.id)
            )
        ]

    async def forget_variants(self, db: AsyncSession, image_id: int) -> None:
        """Have the image count as one whose variants are still to be made."""
        image = await self._images.get(db, image_id)
        if image is not None:
            await self._images.update(db, image, {"variants": None})
