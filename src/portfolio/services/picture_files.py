"""What is done with a picture that is uploaded before any row shows it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import BinaryIO, TypedDict

from portfolio.adapters.imaging import Imaging, Rendition, Renditions
from portfolio.adapters.own_folder import OwnFolder
from portfolio.adapters.storage import (
    MAX_IMAGE_BYTES,
    Storage,
    StoredFile,
    describe,
    refusal_of,
)
from portfolio.core.errors import PayloadTooLargeException, UnavailableException
from portfolio.db.session import Database
from portfolio.services.files import DELETE_FILE, SETTLING_SECONDS
from portfolio.services.outbox import OutboxService

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

    def __init__(
        self,
        database: Database,
        outbox: OutboxService,
        storage: Storage,
        imaging: Imaging,
        staging: OwnFolder,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._storage = storage
        self._imaging = imaging
        self._staging = staging

    async def store(self, source: BinaryIO) -> StoredPicture:
        """Render a picture and keep all that comes of it.

        Takes its time: to be called before the transaction begins. What no row shows half a
        minute later is removed again. Raises PayloadTooLargeException beyond MAX_IMAGE_BYTES, and
        what Imaging.render() and Storage.put() raise.
        """
        with TemporaryDirectory(dir=self._staging.path) as name:
            folder = Path(name)
            await asyncio.to_thread(_receive, source, folder / "upload")
            made = await self._imaging.render(folder / "upload", folder)
            renditions = [made.original, *made.variants]
            await self._promise(renditions)
            return _described(made, await self._keep(renditions))

    async def _keep(self, renditions: Sequence[Rendition]) -> list[StoredFile]:
        # In half of what the promise leaves: the other half is for the row.
        try:
            async with asyncio.timeout(SETTLING_SECONDS / 2):
                return [await self._storage.put(each.path, each.extension) for each in renditions]
        except TimeoutError:
            raise UnavailableException("Media are stored too slowly", retry_after=10) from None

    async def _promise(self, renditions: Sequence[Rendition]) -> None:
        """Whatever becomes of this process: what is stored now and never shown goes again."""
        keys = [
            (await asyncio.to_thread(describe, each.path, each.extension)).key
            for each in renditions
        ]
        async with self._database.transaction() as db:
            await self._outbox.put(db, DELETE_FILE, {"keys": keys}, delay=SETTLING_SECONDS)


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
