"""Pictures as they come, told by their first bytes."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path

from portfolio.adapters.imaging import CONTENT_TYPES, Picture, identify
from portfolio.adapters.storage.protocol import StoredFile
from portfolio.core.errors import (
    NotFoundException,
    PayloadTooLargeException,
    UnsupportedMediaTypeException,
)

BEGINNING = 64 * 1024  # bytes, in which a picture says how large it is
MAX_IMAGE_BYTES = 10 * 1024 * 1024


class PictureKeeper(ABC):
    """The part of a Storage that knows a picture when it sees one."""

    @abstractmethod
    async def put(self, path: Path, extension: str) -> StoredFile:
        """As Storage has it."""

    async def put_file(self, path: Path) -> StoredFile:
        picture = await asyncio.to_thread(_identified, path)
        stored = await self.put(path, picture.extension)
        return replace(stored, width=picture.width, height=picture.height)


def measured(stored: StoredFile, beginning: bytes) -> StoredFile:
    """With width and height, if it is a picture and begins with them."""
    picture = identify(beginning) if stored.content_type.startswith("image/") else None
    return replace(stored, width=picture.width, height=picture.height) if picture else stored


def _identified(path: Path) -> Picture:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_IMAGE_BYTES + 1)
    except OSError as error:
        raise NotFoundException(f"{path.name} cannot be read: {error.strerror}") from error
    if len(content) > MAX_IMAGE_BYTES:
        raise PayloadTooLargeException(f"{path.name} is larger than {MAX_IMAGE_BYTES} bytes")
    picture = identify(content)
    if picture is None:
        raise UnsupportedMediaTypeException(
            f"{path.name} is none of {', '.join(CONTENT_TYPES)}, whatever its name says"
        )
    return picture
