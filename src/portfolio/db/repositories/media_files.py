"""Which stored files the rows of media speak of."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.models.media import Image, Video


@dataclass(frozen=True, slots=True)
class FileRef:
    """`url`: the file's address on this server. `variant`: the row can do without it."""

    kind: str
    row_id: int
    url: str
    variant: bool = False


class MediaFileRepository:
    def __init__(self, public_path: str) -> None:
        self._public_path = public_path

    async def all(self, db: AsyncSession) -> list[FileRef]:
        """Every file of ours that a row names."""
        return [
            ref
            for ref in [*await self._of_images(db), *await self._of_videos(db)]
            if ref.url.startswith(self._public_path)
        ]

    async def _of_images(self, db: AsyncSession) -> list[FileRef]:
        columns = select(Image.id, Image.storage_key, Image.variants)
        found = []
        for row_id, key, variants in await db.execute(columns):
            if key is not None:
                found.append(FileRef("image", row_id, self._public_path + key))
            found += [
                FileRef("image", row_id, made["url"], variant=True) for made in variants or []
            ]
        return found

    async def _of_videos(self, db: AsyncSession) -> list[FileRef]:
        columns = select(Video.id, Video.storage_key, Video.poster_key, Video.captions)
        found = []
        for row_id, key, poster, captions in await db.execute(columns):
            found += [
                FileRef("video", row_id, self._public_path + each)
                for each in (key, poster)
                if each is not None
            ]
            found += [FileRef("video", row_id, caption["url"]) for caption in captions or []]
        return found

    async def drop_variants(self, db: AsyncSession, image_id: int, gone: Collection[str]) -> None:
        """Have the image no longer name these addresses."""
        image = await db.get(Image, image_id)
        if image is not None and image.variants:
            image.variants = [made for made in image.variants if made["url"] not in gone] or None
            await db.flush()
