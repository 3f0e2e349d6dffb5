"""What is done with a picture that is uploaded before any row shows it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import BinaryIO, TypedDict

from portfolio.adapters.imaging import Imaging, Renditions
from portfolio.adapters.own_folder import OwnFolder
from portfolio.adapters.storage import MAX_IMAGE_BYTES, StoredFile, refusal_of
from portfolio.core.errors import PayloadTooLargeException
from portfolio.services.files import FileKeeper

_CHUNK = 1024 * 1024
# What browsers should prefer stands first.
_FORMATS = ("avif", "webp")


class Variant(TypedDict):
    """As a row keeps it and an answer shows it."""

    url: str
    width: int
    height: int
    format: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StoredPicture:
    file: StoredFile
    width: int
    height: int
    variants: list[Variant]
    placeholder: str
    color: str


class PictureFiles:
    """`staging` holds what is half done: it goes with this process."""

    def __init__(self, keeper: FileKeeper, imaging: Imaging, staging: OwnFolder) -> None:
        self._keeper = keeper
        self._imaging = imaging
        self._staging = staging

    async def store(self, source: BinaryIO) -> StoredPicture:
        """Render a picture and keep all that comes of it.

        Raises PayloadTooLargeException beyond MAX_IMAGE_BYTES, and what Imaging.render() and
        FileKeeper.keep() raise.
        """
        with TemporaryDirectory(dir=self._staging.path) as name:
            folder = Path(name)
            await asyncio.to_thread(_receive, source, folder / "upload")
            made = await self._imaging.render(folder / "upload", folder)
            renditions = [made.original, *made.variants]
            kept = await self._keeper.keep([(each.path, each.extension) for each in renditions])
        return _described(made, kept)


def _receive(source: BinaryIO, target: Path) -> None:
    try:
        with target.open("xb") as file:
            source.seek(0)
            copyfileobj(source, file, _CHUNK)
            if file.tell() > MAX_IMAGE_BYTES:
                raise PayloadTooLargeException(f"A picture has {MAX_IMAGE_BYTES} bytes at most")
    except OSError as error:
        raise refusal_of(error) from error


def _described(made: Renditions, kept: Sequence[StoredFile]) -> StoredPicture:
    original, *rest = kept
    variants = [
        Variant(
            url=file.url,
            width=rendition.width,
            height=rendition.height,
            format=rendition.extension,
            bytes=file.bytes,
        )
        for rendition, file in zip(made.variants, rest, strict=True)
    ]
    return StoredPicture(
        file=original,
        width=made.original.width,
        height=made.original.height,
        variants=sorted(variants, key=_place),
        placeholder=made.placeholder,
        color=made.color,
    )


def _place(variant: Variant) -> tuple[int, int]:
    return _FORMATS.index(variant["format"]), variant["width"]
