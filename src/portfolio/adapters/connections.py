"""How many connections somebody has open, counted for all processes of this host."""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from time import monotonic

from portfolio.core.errors import UnavailableException

_KEY = 8  # bytes of a digest: a count that is one too high for one key in 10**19 harms nobody
_FREE = bytes(_KEY)
_PATIENCE = 0.02  # seconds for a lock that is held for 100 microseconds; the event loop waits along


class HostConnections:
    """A file for each process, locked for as long as that lives, with a key for each connection.

    Whoever adds one counts it in all of these files, under the lock of their folder. Files of
    processes that have ended, however they did, are removed by whoever meets them.

    Nothing is opened before the first one.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder
        self._free: list[int] = []
        self._length = 0
        self._folder = self._own = -1
        self._own_path = folder

    def add(self, limits: Mapping[str, int]) -> list[int] | None:
        """Count one more for each key, if none has as many as its limit; else None, for nobody.

        What is returned is for remove(). Raises UnavailableException for a disk that is full.
        """
        try:
            return self._add({_digest(key): limit for key, limit in limits.items()})
        except OSError as error:
            raise UnavailableException from error

    def remove(self, places: list[int]) -> None:
        for place in places:
            os.pwrite(self._own, _FREE, place)
        self._free += places

    def close(self) -> None:
        if self._own >= 0:
            self._own_path.unlink(missing_ok=True)
            os.close(self._own)
            os.close(self._folder)
            self._folder = self._own = -1

    def _add(self, keys: Mapping[bytes, int]) -> list[int] | None:
        if self._own < 0:
            self._open()
        with self._alone():
            files = list(self._files())
            if any(sum(text.count(key) for text in files) >= limit for key, limit in keys.items()):
                return None
            return [self._write(key) for key in keys]

    def _open(self) -> None:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._folder < 0:
            self._folder = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        with self._alone():
            self._own, name = tempfile.mkstemp(dir=self._path)
            fcntl.flock(self._own, fcntl.LOCK_EX)
        self._own_path = Path(name)

    def _write(self, key: bytes) -> int:
        if self._free:
            place = self._free.pop()
        else:
            place, self._length = self._length, self._length + _KEY
        os.pwrite(self._own, key, place)
        return place

    def _files(self) -> Iterator[bytes]:
        """What stands in those of processes that live."""
        yield os.pread(self._own, self._length, 0)
        for path in self._path.iterdir():
            if path == self._own_path:
                continue
            try:
                theirs = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue
            try:
                if _locked(theirs):
                    path.unlink(missing_ok=True)
                else:
                    yield os.pread(theirs, os.fstat(theirs).st_size, 0)
            finally:
                os.close(theirs)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While nobody else adds, unless somebody was stopped just then: that may cost a count."""
        give_up = monotonic() + _PATIENCE
        while not _locked(self._folder) and monotonic() < give_up:
            os.sched_yield()
        try:
            yield
        finally:
            fcntl.flock(self._folder, fcntl.LOCK_UN)


def _locked(file: int) -> bool:
    """Whether nobody else held it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _digest(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_KEY).digest()
