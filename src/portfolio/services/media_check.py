"""Whether the files of media and the rows that name them fit together."""

from dataclasses import dataclass

from portfolio.adapters.storage import Kept, Storage
from portfolio.core.errors import ConflictException
from portfolio.db.repositories.media_files import FileRef, MediaFileRepository
from portfolio.db.session import Database
from portfolio.services.media import MediaService
from portfolio.services.text_renewal import TextRenewal

# An upload may take that long from its first file to the row that names it.
UNDER_WAY = 3600


@dataclass(frozen=True, slots=True)
class Findings:
    """`unnamed`: files without a row; `missing`: what rows name and is not there."""

    files: int
    refs: int
    unnamed: list[Kept]
    missing: list[FileRef]

    @property
    def dispensable(self) -> list[FileRef]:
        """Missing variants of images whose own file is there, and where else they are named."""
        bereft = {ref.row_id for ref in self.missing if ref.kind == "image" and not ref.variant}
        spare = {ref.key for ref in self.missing if ref.variant and ref.row_id not in bereft}
        return [ref for ref in self.missing if ref.key in spare]


@dataclass(frozen=True, slots=True)
class Repaired:
    """Files that were deleted or are too young, and images whose variants are to be made again."""

    deleted: int
    young: int
    forgotten: int


class MediaCheck:
    def __init__(
        self,
        database: Database,
        files: MediaFileRepository,
        storage: Storage,
        media: MediaService,
        renewal: TextRenewal,
    ) -> None:
        self._database = database
        self._files = files
        self._storage = storage
        self._media = media
        self._renewal = renewal

    async def look(self) -> Findings:
        """Changes nothing. Raises UnavailableException."""
        refs = await self._refs()
        kept = {kept.key: kept async for kept in self._storage.keys()}  # noqa: SIM118 - no dict
        named = {ref.key for ref in refs}
        missing = {ref for ref in refs if ref.key not in kept}
        if missing:
            # Deleted between the two looks, and rightly gone.
            missing &= set(await self._refs())
        return Findings(
            files=len(kept),
            refs=len(refs),
            unnamed=[file for key, file in kept.items() if key not in named],
            missing=sorted(missing, key=lambda ref: (ref.kind, ref.row_id, ref.variant, ref.key)),
        )

    async def repair(self, found: Findings) -> Repaired:
        """Delete files without a row, but for those of the last hour; forget lost variants.

        Raises ConflictException where no row names a file: the database may be the wrong one.
        """
        if found.unnamed and not found.refs:
            raise ConflictException(
                "No row names any of these files: is this their database? Nothing was deleted"
            )
        noted = 1
        while noted:
            async with self._database.transaction() as db:
                noted = await self._media.note_former(db)
        bereft = {ref.row_id for ref in found.dispensable if ref.variant}
        for image_id in bereft:
            async with self._database.transaction() as db:
                await self._files.forget_variants(db, image_id)
        await self._renewal.renew([ref.key for ref in found.dispensable])
        # What is left of their variants will be made again with the others.
        found = await self.look()
        deleted = [
            await self._storage.delete(file.key, older_than=UNDER_WAY) for file in found.unnamed
        ]
        return Repaired(sum(deleted), len(deleted) - sum(deleted), len(bereft))

    async def _refs(self) -> list[FileRef]:
        async with self._database.reading() as db:
            return await self._files.all(db)
