"""Whether the files of media and the rows that name them fit together."""

from collections import defaultdict
from dataclasses import dataclass

from portfolio.adapters.storage import PUBLIC_PATH, Kept, Storage
from portfolio.core.errors import ConflictException
from portfolio.db.repositories.media_files import FileRef, MediaFileRepository
from portfolio.db.session import Database

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
        """Missing variants of images whose own file is there."""
        bereft = {ref.row_id for ref in self.missing if ref.kind == "image" and not ref.variant}
        return [ref for ref in self.missing if ref.variant and ref.row_id not in bereft]


@dataclass(frozen=True, slots=True)
class Repaired:
    """Files that were deleted, and variants that are no longer named."""

    deleted: int
    dropped: int


class MediaCheck:
    def __init__(self, database: Database, files: MediaFileRepository, storage: Storage) -> None:
        self._database = database
        self._files = files
        self._storage = storage

    async def look(self) -> Findings:
        """Changes nothing. Raises UnavailableException."""
        refs = await self._refs()
        kept = {kept.key: kept async for kept in self._storage.keys()}  # noqa: SIM118 - no dict
        named = {_key(ref) for ref in refs}
        missing = {ref for ref in refs if _key(ref) not in kept}
        if missing:
            # Deleted between the two looks, and rightly gone.
            missing &= set(await self._refs())
        return Findings(
            files=len(kept),
            refs=len(refs),
            unnamed=[file for key, file in kept.items() if key not in named],
            missing=sorted(missing, key=lambda ref: (ref.kind, ref.row_id, ref.variant, ref.url)),
        )

    async def repair(self, found: Findings) -> Repaired:
        """Delete files without a row, but for those of the last hour; forget lost variants.

        Raises ConflictException where no row names a file: the database may be the wrong one.
        """
        if found.unnamed and not found.refs:
            raise ConflictException(
                "No row names any of these files: is this their database? Nothing was deleted"
            )
        deleted = 0
        for file in found.unnamed:
            gone = await self._storage.delete(file.key, older_than=UNDER_WAY)
            deleted += gone
        lost: dict[int, set[str]] = defaultdict(set)
        for ref in found.dispensable:
            lost[ref.row_id].add(ref.url)
        for image_id, urls in lost.items():
            async with self._database.transaction() as db:
                await self._files.drop_variants(db, image_id, urls)
        return Repaired(deleted, len(found.dispensable))

    async def _refs(self) -> list[FileRef]:
        async with self._database.reading() as db:
            return await self._files.all(db)


def _key(ref: FileRef) -> str:
    return ref.url.removeprefix(PUBLIC_PATH)
