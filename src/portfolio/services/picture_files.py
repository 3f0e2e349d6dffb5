"""What is done with a picture before any row shows it, and once it is kept."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path
from tempfile import mkdtemp
from typing import TypedDict

from portfolio.adapters.imaging import Imaging, Rendition, Renditions, Wanted
from portfolio.adapters.own_folder import OwnFolder
from portfolio.adapters.storage import Storage, StoredFile, describe, extension_of
from portfolio.core.concurrently import for_each
from portfolio.core.errors import (
    AppError,
    InvalidInputException,
    NotFoundException,
    PayloadTooLargeException,
    UnsupportedMediaTypeException,
)
from portfolio.services.files import STORING_SECONDS, FileKeeper

# The job of services/renditions.py.
RENDER_PICTURE = "media.render"
# Nobody waits for it, and what is hopeless is out of CPU time by then.
BACKGROUND_SECONDS = 30
# What browsers should prefer stands first.
_FORMATS = ("avif", "webp")
# What speaks against one picture alone.
REFUSALS = (
    InvalidInputException,
    NotFoundException,
    PayloadTooLargeException,
    UnsupportedMediaTypeException,
)


class Variant(TypedDict):
    """As a row keeps it and an answer shows it."""

    url: str
    width: int
    height: int
    format: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """`variants`: None while they are not made."""

    file: StoredFile
    width: int
    height: int
    variants: list[Variant] | None
    placeholder: str
    color: str


class PictureFiles:
    """`staging` holds what is half done: it goes with this process."""

    def __init__(
        self, keeper: FileKeeper, imaging: Imaging, storage: Storage, staging: OwnFolder
    ) -> None:
        self._keeper = keeper
        self._imaging = imaging
        self._storage = storage
        self._staging = staging
        self.at_once = imaging.workers

    async def store(self, source: Path, *, seconds: float | None = None) -> StoredPicture:
        """Render a picture and keep all that comes of it.

        `seconds`: as Imaging.render() has it. Raises what Imaging.render(), OwnFolder.room() and
        FileKeeper.keep() raise.
        """
        with self._staging.room() as folder:
            made = await self._imaging.render(source, folder, seconds=seconds)
            kept = await self._kept([made.original, *made.variants])
        return _described(made, kept[0], kept[1:])

    async def store_originals(
        self, sources: Iterable[Path]
    ) -> tuple[dict[Path, StoredPicture], dict[Path, AppError]]:
        """Keep pictures without metadata; their variants are made later. Also those refused.

        Raises UnavailableException and what OwnFolder.room() and FileKeeper.keep() raise.
        """
        made: dict[Path, Renditions] = {}
        refused: dict[Path, AppError] = {}
        with self._staging.room() as room:

            async def render(source: Path) -> None:
                folder = Path(mkdtemp(dir=room))
                try:
                    made[source] = await self._imaging.render(source, folder, Wanted.ORIGINAL)
                except REFUSALS as error:
                    refused[source] = error

            await for_each(sources, render, self.at_once)
            # Together and at the end: rows have to follow soon.
            seconds = STORING_SECONDS * len(made)
            kept = await self._kept([each.original for each in made.values()], seconds)
        stored = zip(made.items(), kept, strict=True)
        return {source: _described(each, file) for (source, each), file in stored}, refused

    async def render(self, key: str, *, is_clean: bool) -> StoredPicture:
        """Make the variants of a picture that is kept; one that is not clean is kept anew first.

        Raises NotFoundException where it is gone, and what store() raises.
        """
        with self._staging.room() as folder:
            source = folder / f"source.{extension_of(key)}"
            if not await self._storage.fetch(key, source):
                raise NotFoundException("the file is not there")
            if not is_clean:
                return await self.store(source, seconds=BACKGROUND_SECONDS)
            made = await self._imaging.render(
                source, folder, Wanted.VARIANTS, seconds=BACKGROUND_SECONDS
            )
            kept = await self._kept(made.variants)
            file = await asyncio.to_thread(describe, source, made.original.extension)
        return _described(made, file, kept)

    async def _kept(
        self, renditions: Sequence[Rendition], seconds: float = STORING_SECONDS
    ) -> list[StoredFile]:
        if not renditions:
            return []
        files = [(each.path, each.extension) for each in renditions]
        return await self._keeper.keep(files, seconds)


def reason_of(error: AppError) -> str:
    """What is wrong with a picture, in words that follow its name."""
    return error.errors[0].message if error.errors else error.detail


def _described(
    made: Renditions, file: StoredFile, kept: Sequence[StoredFile] | None = None
) -> StoredPicture:
    variants = None
    if kept is not None:
        pairs = zip(made.variants, kept, strict=True)
        variants = sorted(starmap(_variant, pairs), key=_place)
    return StoredPicture(
        file=file,
        width=made.original.width,
        height=made.original.height,
        variants=variants,
        placeholder=made.placeholder,
        color=made.color,
    )


def _variant(made: Rendition, file: StoredFile) -> Variant:
    return Variant(
        url=file.url,
        width=made.width,
        height=made.height,
        format=made.extension,
        bytes=file.bytes,
    )


def _place(variant: Variant) -> tuple[int, int]:
    return _FORMATS.index(variant["format"]), variant["width"]
