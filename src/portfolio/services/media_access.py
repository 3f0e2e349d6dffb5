"""Who may read which stored file."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.storage import Address, Place, Storage, is_key
from portfolio.core.errors import NotFoundException
from portfolio.core.media_links import PUBLIC_PATH, MediaLinks
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.models.users import User
from portfolio.services import policy

FOR_EVER = 31_536_000  # seconds, which a year is taken for


class MediaAccess:
    def __init__(self, links: MediaLinks, uses: FileUseRepository, storage: Storage) -> None:
        self.links = links
        self._uses = uses
        self._storage = storage

    async def locate(
        self, db: AsyncSession, key: str, viewer: User | None, signature: str | None
    ) -> tuple[Place, int]:
        """Where the file is, and for how many seconds its reader may keep it; FOR_EVER: anybody.

        What strangers may not see goes to editors, and for a while to those with a signature. A
        file that was replaced leads to the one in its place. Raises NotFoundException.
        """
        if not is_key(key):
            raise NotFoundException
        is_editor = policy.may_edit_content(viewer)
        place, seconds = None, 0
        if await self._uses.is_public(db, key):
            place, seconds = await self._storage.locate(key), FOR_EVER
        else:
            seconds = self.links.seconds_left(key, signature or "")
            if seconds or (is_editor and not await self._uses.unused(db, [key])):
                place = await self._storage.locate(key, private=True)
        if place is None:
            return await self._successor(db, key, is_editor=is_editor), 0
        return place, seconds

    async def _successor(self, db: AsyncSession, key: str, *, is_editor: bool) -> Address:
        now = (await self._uses.successors(db, [key], even_if_shown=True)).get(key, key)
        if now == key:
            raise NotFoundException
        is_public = await self._uses.is_public(db, now)
        if not (is_public or is_editor):
            raise NotFoundException
        return Address(PUBLIC_PATH + now, public=is_public, seconds=0)
