"""Where the bytes of media are kept. Keys are made from the content: what is the same is kept once."""

import asyncio
import os
import re
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from portfolio.adapters.imaging import CONTENT_TYPES, identify
from portfolio.core.config import Settings
from portfolio.core.errors import (
    NotFoundException,
    PayloadTooLargeException,
    UnavailableException,
    UnsupportedMediaTypeException,
)

MAX_IMAGE_BYTES = 10 * 1024 * 1024
PUBLIC_PATH = "/media/"
# 160 bits of a SHA-256: nobody finds a picture that they do not have already.
_DIGITS = 40
_KEY = re.compile(rf"[0-9a-f]{{2}}/[0-9a-f]{{{_DIGITS - 2}}}\.(?P<kind>{'|'.join(CONTENT_TYPES)})")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`url` is a path on this server; width and height in pixels, None where not known."""

    key: str
    url: str
    bytes: int
    content_type: str
    width: int | None
    height: int | None


class Storage(Protocol):
    async def put_file(self, path: Path) -> StoredFile:
        """Keep a copy of a picture.

        Raises NotFoundException, UnsupportedMediaTypeException, PayloadTooLargeException, or
        UnavailableException where there is no room for it.
        """

    async def renew(self, key: str) -> StoredFile | None:
        """What is kept under this key, as if it had been put just now."""

    async def locate(self, key: str) -> Path | None:
        """The file to serve; None for a key that is unknown or malformed."""

    async def delete(self, key: str, *, older_than: float = 0) -> bool:
        """False if the file was put within the last `older_than` seconds and therefore stays."""


class LocalStorage:
    """A folder with one level of subfolders."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put_file(self, path: Path) -> StoredFile:
        return await asyncio.to_thread(self._put, path)

    async def renew(self, key: str) -> StoredFile | None:
        return await asyncio.to_thread(self._renew, key)

    async def locate(self, key: str) -> Path | None:
        path = self._path(key)
        return path if path is not None and await asyncio.to_thread(path.is_file) else None

    async def delete(self, key: str, *, older_than: float = 0) -> bool:
        return await asyncio.to_thread(self._delete, key, older_than)

    def _path(self, key: str) -> Path | None:
        return self._root / key if _KEY.fullmatch(key) else None

    def _put(self, source: Path) -> StoredFile:
        content = _read(source)
        stored = _describe(content)
        if stored is None:
            raise UnsupportedMediaTypeException(
                f"{source.name} is none of {', '.join(CONTENT_TYPES)}, whatever its name says"
            )
        target = self._root / stored.key
        try:
            try:
                # delete() looks at this time: somebody is about to show the file again.
                os.utime(target)
            except FileNotFoundError:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._write(content, target)
        except OSError as error:
            raise UnavailableException(f"Media cannot be stored: {error.strerror}") from error
        return stored

    def _write(self, content: bytes, target: Path) -> None:
        draft = self._aside()
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(target.parent)

    def _renew(self, key: str) -> StoredFile | None:
        path = self._path(key)
        if path is None:
            return None
        try:
            os.utime(path)
            return _describe(path.read_bytes())
        except FileNotFoundError:
            return None

    def _delete(self, key: str, older_than: float) -> bool:
        path, aside = self._path(key), self._aside()
        if path is None:
            return True
        try:
            # Moved first and looked at then: who puts the same content meanwhile writes it anew.
            path.rename(aside)
        except FileNotFoundError:
            return True
        if time.time() - aside.stat().st_mtime < older_than:
            aside.rename(path)
            return False
        aside.unlink()
        return True

    def _aside(self) -> Path:
        return self._root / f".{secrets.token_hex(8)}"


def create_storage(settings: Settings) -> Storage:
    return LocalStorage(settings.storage.data_dir / "media")


def key_of(url: str) -> str | None:
    """The key in an address that begins with PUBLIC_PATH; None for any other."""
    return url.removeprefix(PUBLIC_PATH) if url.startswith(PUBLIC_PATH) else None


def content_type_of(key: str) -> str:
    """By the extension of a key, which comes from the content and never from a name."""
    return CONTENT_TYPES[key.rpartition(".")[2]]


def _read(source: Path) -> bytes:
    try:
        with source.open("rb") as file:
            content = file.read(MAX_IMAGE_BYTES + 1)
    except OSError as error:
        raise NotFoundException(f"{source.name} cannot be read: {error.strerror}") from error
    if len(content) > MAX_IMAGE_BYTES:
        raise PayloadTooLargeException(f"{source.name} is larger than {MAX_IMAGE_BYTES} bytes")
    return content


def _describe(content: bytes) -> StoredFile | None:
    picture = identify(content)
    if picture is None:
        return None
    digest = sha256(content).hexdigest()
    key = f"{digest[:2]}/{digest[2:_DIGITS]}.{picture.extension}"
    return StoredFile(
        key=key,
        url=PUBLIC_PATH + key,
        bytes=len(content),
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
    )


def _sync_folder(folder: Path) -> None:
    """A new name outlives a power failure only once its folder is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
