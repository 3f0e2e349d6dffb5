"""Numbers that the writers' process shows to those of the readers, in a file that all map."""

import mmap
from pathlib import Path

from benchmarks.freshness.things import THINGS, Thing

_WORD = 8
_COUNT = len(THINGS)
_STOP, _ACKNOWLEDGED, _BEGUN, _END = 0, 1, 1 + _COUNT, 1 + 2 * _COUNT


class Board:
    """Of each thing the write that was acknowledged last, and the one that was begun last."""

    def __init__(self, path: Path) -> None:
        """Of a file that is there; all numbers of a new one are 0."""
        with path.open("ab") as file:
            file.truncate(_END * _WORD)
        with path.open("r+b") as file:
            # Closed with the process: whoever reads may be a thread.
            self._numbers = memoryview(mmap.mmap(file.fileno(), _END * _WORD)).cast("Q")

    def begin(self, thing: Thing, number: int) -> None:
        self._numbers[_BEGUN + thing.place] = number

    def acknowledge(self, thing: Thing, number: int) -> None:
        self._numbers[_ACKNOWLEDGED + thing.place] = number

    def acknowledged(self) -> list[int]:
        return self._numbers[_ACKNOWLEDGED:_BEGUN].tolist()

    def begun(self) -> list[int]:
        return self._numbers[_BEGUN:_END].tolist()

    @property
    def is_over(self) -> bool:
        return bool(self._numbers[_STOP])

    def end(self) -> None:
        self._numbers[_STOP] = 1
