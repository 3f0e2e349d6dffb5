"""When each tag was last raised, as a position in the order of all raises."""

from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol
from zlib import crc32

from portfolio.adapters.shared_file import SharedFile

# 512 KiB of 64-bit numbers. Tags that share a slot are raised together: harmless, and rare.
SLOTS = 65_536
# The newest position, and the one at which everything was raised; the rest belongs to tags.
NEWEST, ALL = 0, 1
_RESERVED = 2
_NEVER_GOOD = 2**63
_WORD = 8
_PATIENCE = 0.05  # seconds for a lock that is held for microseconds; the event loop waits along


class CacheAwayError(Exception):
    """Nobody can say now what is out of date: do without the cache."""


class Versions(Protocol):
    async def position(self) -> int:
        """The newest position, known to be so at some moment after the call.

        Raises CacheAwayError.
        """

    def unraised(self, slots: Sequence[int], since: int) -> bool:
        """Whether, as of the last position(), none of these was raised after `since`."""

    async def raise_tags(self, tags: Iterable[str]) -> None:
        """Once this returns, position() and unraised() know of it in every process."""

    async def raise_all(self) -> None:
        """Raises CacheAwayError where not everybody could be told."""

    async def close(self) -> None: ...


def slots_of(tags: Iterable[str]) -> tuple[int, ...]:
    """What to look at for an answer with these tags.

    One thing is also out of date once any of its kind may be: `post:17` with `post:*`.
    """
    slots = {ALL}
    for tag in tags:
        slots.add(slot(tag))
        noun, colon, _ = tag.partition(":")
        if colon:
            slots.add(slot(f"{noun}:*"))
    return tuple(slots)


def slot(tag: str) -> int:
    return _RESERVED + crc32(tag.encode()) % (SLOTS - _RESERVED)


class Table:
    """The positions in memory, be it this process's own or shared."""

    def __init__(self, numbers: "array[int] | memoryview[int]") -> None:
        self.numbers = numbers

    def unraised(self, slots: Sequence[int], since: int) -> bool:
        numbers = self.numbers
        for place in slots:  # noqa: SIM110 - a generator costs more than the comparisons
            if numbers[place] > since:
                return False
        return True

    def write(self, slots: Iterable[int]) -> None:
        """Raise these. Whoever reads meanwhile sees the position move last."""
        numbers = self.numbers
        newest = numbers[NEWEST] + 1
        if numbers[ALL] == _NEVER_GOOD:
            numbers[ALL] = newest
        for place in slots:
            numbers[place] = newest
        numbers[NEWEST] = newest

    def spoil(self) -> None:
        """Let nothing be good until the next write()."""
        self.numbers[ALL] = _NEVER_GOOD


class MemoryVersions:
    """In this process, for whoever serves alone."""

    def __init__(self) -> None:
        self.table = Table(array("Q", bytes(SLOTS * _WORD)))

    async def position(self) -> int:
        return self.table.numbers[NEWEST]

    def unraised(self, slots: Sequence[int], since: int) -> bool:
        return self.table.unraised(slots, since)

    async def raise_tags(self, tags: Iterable[str]) -> None:
        self.table.write([slot(tag) for tag in tags])

    async def raise_all(self) -> None:
        self.table.write([ALL])

    async def close(self) -> None:
        """Nothing is open."""


class MappedVersions(MemoryVersions):
    """In a file that the processes of this host map: the workers, and the command line.

    Reading is one look at memory; whoever raises holds the file's lock for some microseconds.
    Raises SettingsError where the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = SharedFile(path, SLOTS * _WORD)
        self._view = memoryview(self._file.memory).cast("Q")
        self.table = Table(self._view)

    async def position(self) -> int:
        if self.table.numbers[ALL] == _NEVER_GOOD and not self._write([ALL], patience=0):
            raise CacheAwayError
        return self.table.numbers[NEWEST]

    async def raise_tags(self, tags: Iterable[str]) -> None:
        self._write([slot(tag) for tag in tags])

    async def raise_all(self) -> None:
        self._write([ALL])

    async def close(self) -> None:
        self._view.release()
        self._file.close()

    def _write(self, slots: Iterable[int], patience: float = _PATIENCE) -> bool:
        if not self._file.lock(patience):
            # Whoever holds it was stopped in between. Numbers must not be given twice: better none.
            self.table.spoil()
            return False
        try:
            self.table.write(slots)
        finally:
            self._file.unlock()
        return True
