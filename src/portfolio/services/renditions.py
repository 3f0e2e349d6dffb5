"""The variants of pictures that are kept already, such as those that importers bring."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import NotFoundException
from portfolio.db.repositories.media import ImageRepository
from portfolio.db.repositories.renditions import RenditionRepository, Waiting
from portfolio.db.session import Database
from portfolio.models.media import Image
from portfolio.services.illustrations import RENEW_TEXTS
from portfolio.services.media import MediaService, columns_of
from portfolio.services.outbox import OutboxService
from portfolio.services.picture_files import PictureFiles, StoredPicture

AT_ONCE = 50  # images in one transaction


class PictureRenderer:
    """The job RENDER_PICTURE {key}, and what `portfolio media render` does for all of them."""

    def __init__(
        self,
        database: Database,
        images: ImageRepository,
        unrendered: RenditionRepository,
        media: MediaService,
        files: PictureFiles,
        outbox: OutboxService,
    ) -> None:
        self._database = database
        self._images = images
        self._unrendered = unrendered
        self._media = media
        self._files = files
        self._outbox = outbox

    async def __call__(self, payload: dict[str, Any]) -> None:
        # The file is gone, and what showed it is on its way.
        with suppress(NotFoundException):
            await self.render(payload["key"])

    async def unrendered(self) -> list[str]:
        """The keys of all pictures that wait."""
        async with self._database.reading() as db:
            return await self._unrendered.keys(db)

    async def render(self, key: str) -> StoredPicture | None:
        """Give all images that show this file their variants; None where none waits for them.

        What was copied as it came, by imports of former times, is encoded anew and replaced.
        Raises NotFoundException where the file is gone, and what PictureFiles.store() raises.
        """
        async with self._database.reading() as db:
            waiting = await self._unrendered.waiting(db, key)
        if not waiting.images:
            return None
        picture = await self._files.render(key, is_clean=waiting.is_clean)
        # Thousands may show the same logo, and nobody else should wait for all of them.
        for start in range(0, len(waiting.images), AT_ONCE):
            batch = waiting.images[start : start + AT_ONCE]
            async with self._database.transaction() as db:
                await self._show(db, key, replace(waiting, images=batch), picture)
                if waiting.is_clean and batch[-1] == waiting.images[-1]:
                    await self._outbox.put(db, RENEW_TEXTS, {"keys": [key]})
        return picture

    async def _show(
        self, db: AsyncSession, key: str, waiting: Waiting, picture: StoredPicture
    ) -> None:
        images: list[Image] = []
        for image_id in waiting.images:
            # Deleted meanwhile.
            with suppress(NotFoundException):
                images.append(await self._images.get_locked(db, image_id))
        # Texts that name it are stored before this, and renewed then, or after it.
        await self._images.hold_file(db, key)
        for image in images:
            if image.storage_key != key or image.variants is not None:
                continue
            if waiting.is_clean:
                await self._images.update(db, image, columns_of(picture))
            else:
                await self._media.replace_file(db, image.id, picture, uploaded_by=image.uploaded_by)
