"""Media in a folder."""

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from errno import EDQUOT, ENOSPC
from pathlib import Path
from tempfile import TemporaryFile

from portfolio.adapters.storage.keys import describe, is_key
from portfolio.adapters.storage.protocol import Kept, StoredFile
from portfolio.core.errors import (
    AppError,
    InsufficientStorageException,
    UnavailableException,
)

ENOUGH = 100 * 1024 * 1024  # bytes that are free: one video more
ABANDONED = 30  # seconds in which nothing was written to a file that is not complete
_ASIDE_BYTES = 8  # of its name


class LocalStorage:
    """A folder with one level of subfolders."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def check(self) -> None:
        await asyncio.to_thread(self._check)

    async def put(self, path: Path, extension: str) -> StoredFile:
        return await asyncio.to_thread(self._put, path, extension)

    async def locate(self, key: str, *, private: bool = False) -> Path | None:
        del private
        path = self._path(key)
        return path if path is not None and await asyncio.to_thread(path.is_file) else None

    async def fetch(self, key: str, into: Path) -> bool:
        return await asyncio.to_thread(self._fetch, key, into)

    async def delete(self, key: str, *, older_than: float = 0) -> bool:
        return await asyncio.to_thread(self._delete, key, older_than)

    async def keys(self) -> AsyncIterator[Kept]:
        for folder in await asyncio.to_thread(self._folders):
            for kept in await asyncio.to_thread(self._kept_in, folder):
                yield kept

    def _path(self, key: str) -> Path | None:
        return self._root / key if is_key(key) else None

    def _check(self) -> None:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            # The only proof: root may write by its rights where a mount or a quota forbids it.
            with TemporaryFile(dir=self._root) as file:
                file.write(b"\0")
            free = shutil.disk_usage(self._root).free
        except OSError as error:
            raise refusal_of(error) from error
        if free < ENOUGH:
            raise InsufficientStorageException

    def _put(self, source: Path, extension: str) -> StoredFile:
        stored = describe(source, extension)
        target = self._root / stored.key
        try:
            try:
                # delete() looks at this time: somebody is about to show the file again.
                os.utime(target)
            except FileNotFoundError:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._write(source, target)
        except OSError as error:
            raise refusal_of(error) from error
        return stored

    def _write(self, source: Path, target: Path) -> None:
        draft = self._aside()
        try:
            with source.open("rb") as original, draft.open("xb") as file:
                shutil.copyfileobj(original, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(target.parent)

    def _fetch(self, key: str, into: Path) -> bool:
        path = self._path(key)
        if path is None or not path.is_file():
            return False
        try:
            shutil.copyfile(path, into)
        except FileNotFoundError:
            return False
        except OSError as error:
            into.unlink(missing_ok=True)
            raise refusal_of(error) from error
        return True

    def _delete(self, key: str, older_than: float) -> bool:
        path, aside = self._path(key), self._aside()
        if path is None:
            return True
        self._clear()
        try:
            # Moved first and looked at then: who puts the same content meanwhile writes it anew.
            path.rename(aside)
            is_fresh = time.time() - aside.stat().st_mtime < older_than
        except FileNotFoundError:
            return True
        if is_fresh:
            aside.rename(path)
            return False
        aside.unlink(missing_ok=True)
        return True

    def _clear(self) -> None:
        """Whoever was killed while storing has promised a deletion, which comes here."""
        for aside in self._root.glob("." + "[0-9a-f]" * 2 * _ASIDE_BYTES):
            with suppress(FileNotFoundError):
                if time.time() - aside.stat().st_mtime >= ABANDONED:
                    aside.unlink()

    def _folders(self) -> list[Path]:
        return [path for path in self._root.glob("??") if path.is_dir()]

    def _kept_in(self, folder: Path) -> list[Kept]:
        found = []
        for entry in os.scandir(folder):
            key = f"{folder.name}/{entry.name}"
            if is_key(key) and entry.is_file():
                about = entry.stat()
                modified = datetime.fromtimestamp(about.st_mtime, UTC)
                found.append(Kept(key, about.st_size, modified))
        return found

    def _aside(self) -> Path:
        return self._root / f".{secrets.token_hex(_ASIDE_BYTES)}"


def refusal_of(error: OSError) -> AppError:
    """What to say when the disk does not take a file."""
    if error.errno in {ENOSPC, EDQUOT}:
        return InsufficientStorageException()
    return UnavailableException(f"Media cannot be stored: {error.strerror}")


def _sync_folder(folder: Path) -> None:
    """A new name outlives a power failure only once its folder is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
