"""What is kept of what people uploaded."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.models.media import Image, Video

# What each takes. A file that several things show is kept once: let UNION take it once.
IMAGES = select(Image.storage_key, Image.total_bytes.label("bytes"))
VIDEOS = select(Video.storage_key, Video.bytes)
_USER = bindparam("user", type_=BigInteger)
_KEPT = union(
    IMAGES.where(Image.uploaded_by == _USER), VIDEOS.where(Video.uploaded_by == _USER)
).subquery()
_USAGE = select(func.count(), func.coalesce(func.sum(_KEPT.c.bytes), 0)).select_from(_KEPT)


@dataclass(frozen=True, slots=True)
class Usage:
    files: int
    bytes: int


class UploadRepository:
    async def usage(self, db: AsyncSession, user_id: int) -> Usage:
        """Of this account, in one statement; a picture counts with its variants, as one file."""
        files, total = (await db.execute(_USAGE, {"user": user_id})).one()
        return Usage(files, int(total))
