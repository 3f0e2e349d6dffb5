from typing import ClassVar

from sqlalchemy import UnicodeText, or_, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.repositories.media import MediaRepository
from portfolio.models.media import Video


class VideoRepository(MediaRepository[Video]):
    model = Video
    sortable: ClassVar = {
        "position": Video.position,
        "created_at": Video.created_at,
        "updated_at": Video.updated_at,
    }

    async def with_file(self, db: AsyncSession, key: str) -> Video | None:
        """The first that shows this file."""
        return await self.first(db, Video.storage_key == key)

    async def is_used(self, db: AsyncSession, key: str) -> bool:
        """Whether a video is this file, or has it for its poster or captions."""
        # Inside the JSON, as it is stored: keys have no character that LIKE or JSON would escape.
        in_captions = type_coerce(Video.captions, UnicodeText).contains(key)
        is_it = or_(Video.storage_key == key, Video.poster_key == key, in_captions)
        return await self.first(db, is_it) is not None
