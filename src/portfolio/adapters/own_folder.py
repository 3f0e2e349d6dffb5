"""A folder of this process alone, which others clear away once it has ended, however it did."""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portfolio.adapters.storage import refusal_of
from portfolio.core.environment import SettingsError


class OwnFolder:
    """`path` in a folder that several processes share; those of ended processes go at once.

    Raises SettingsError where it cannot be made.
    """

    def __init__(self, shared: Path) -> None:
        self._shared = shared.resolve()
        try:
            self._shared.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Between making a folder and locking it nobody must take it for one that was left.
            place = _locked(self._shared, fcntl.LOCK_EX)
            try:
                self._clear()
                self.path = Path(tempfile.mkdtemp(dir=self._shared))
                # Until close(), or for as long as this process lives.
                self._place = _locked(self.path, fcntl.LOCK_EX)
            finally:
                os.close(place)
        except OSError as error:
            raise SettingsError([f"DATA_DIR: {error.strerror}: {error.filename}"]) from error

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A folder in it for one piece of work, gone with all that is in it when that ends.

        Raises InsufficientStorageException and UnavailableException in the place of any OSError.
        """
        try:
            with tempfile.TemporaryDirectory(dir=self.path) as name:
                yield Path(name)
        except OSError as error:
            raise refusal_of(error) from error

    async def clear(self) -> None:
        """Remove what processes left that have ended since."""
        await asyncio.to_thread(self._clear_safely)

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._place)

    def _clear_safely(self) -> None:
        place = _locked(self._shared, fcntl.LOCK_EX)
        try:
            self._clear()
        finally:
            os.close(place)

    def _clear(self) -> None:
        for left in self._shared.glob("*/"):
            try:
                place = _locked(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, FileNotFoundError):
                # Somebody's still, or gone by now: who ends takes theirs along without asking.
                continue
            os.close(place)
            # A renderer may have outlived its server: what it still writes there goes the next time.
            shutil.rmtree(left, ignore_errors=True)


def _locked(folder: Path, how: int) -> int:
    place = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(place, how)
    except OSError:
        os.close(place)
        raise
    return place
