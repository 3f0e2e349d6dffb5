"""The pictures of documents as they are kept here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import RetryableException
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.importers.pictures import Picture
from portfolio.services.files import SETTLING_SECONDS
from portfolio.services.picture_files import PictureFiles, StoredPicture, reason_of


@dataclass(frozen=True, slots=True)
class _Kept:
    picture: StoredPicture
    at: float


class Shelf:
    """Of one run, in which each picture is encoded once, however many documents show it."""

    def __init__(self, files: PictureFiles, uses: FileUseRepository) -> None:
        self._files = files
        self._uses = uses
        self._kept: dict[str, _Kept] = {}
        self._refused: dict[str, str] = {}

    async def keep(
        self, pictures: Mapping[str, Picture]
    ) -> tuple[dict[str, StoredPicture], dict[str, str]]:
        """By the same addresses: those that are kept, and why the others cannot be.

        Raises what PictureFiles.store_originals() raises.
        """
        await self._add(pictures.values())
        kept = {
            address: self._kept[picture.digest].picture
            for address, picture in pictures.items()
            if picture.digest in self._kept
        }
        refused = {
            address: self._refused[picture.digest]
            for address, picture in pictures.items()
            if picture.digest in self._refused
        }
        return kept, refused

    async def hold(self, db: AsyncSession, pictures: Iterable[Picture]) -> None:
        """That their files stay until rows show them.

        Raises RetryableException where one is gone: it has to be kept again.
        """
        for picture in pictures:
            kept = self._kept.get(picture.digest)
            if kept is None or monotonic() - kept.at < SETTLING_SECONDS / 2:
                continue
            if not await self._uses.hold(db, kept.picture.file.key):
                del self._kept[picture.digest]
                raise RetryableException

    async def _add(self, pictures: Iterable[Picture]) -> None:
        known = self._kept.keys() | self._refused.keys()
        new = {picture.path: picture.digest for picture in pictures if picture.digest not in known}
        # One path of each, where several have the same content.
        paths = {digest: path for path, digest in new.items()}.values()
        if not paths:
            return
        stored, refused = await self._files.store_originals(paths)
        now = monotonic()
        self._kept |= {new[path]: _Kept(picture, now) for path, picture in stored.items()}
        self._refused |= {new[path]: reason_of(error) for path, error in refused.items()}
