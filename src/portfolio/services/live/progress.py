"""Which events somebody has seen, where their numbers are not committed in order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Self

# Seconds in which a number that was passed over may still come, and how many are waited for.
PATIENCE, MOST_MISSING = 30.0, 100
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Cursor:
    """All events up to `newest` but for those that are `missing`.

    As text `57`, or `57.52.55` while 52 and 55 may still come: what clients send back as the id of
    the last event that they have.
    """

    newest: int
    missing: frozenset[int] = frozenset()

    def __str__(self) -> str:
        if not self.missing:
            return str(self.newest)
        late = sorted(number for number in self.missing if number < self.newest)
        return ".".join(map(str, [self.newest, *late]))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what is no cursor."""
        parts = text.split(".") if len(text) <= _LONGEST else []
        if not parts or not all(part.isascii() and part.isdigit() for part in parts):
            return None
        newest, *missing = map(int, parts)
        # More than a row can have, or than anybody would wait for, is nothing of ours.
        if newest >= 2**63 or len(missing) > MOST_MISSING or any(it >= newest for it in missing):
            return None
        return cls(newest, frozenset(missing))

    def after(self, number: int) -> "Cursor":
        return Cursor(max(self.newest, number), self.missing - {number})


class Progress:
    """How far this process has read."""

    def __init__(
        self, newest: int, known: Iterable[int] = (), clock: Callable[[], float] = monotonic
    ) -> None:
        """`known`: the last numbers up to `newest` that are there; others may still come."""
        self._clock = clock
        self._missing: dict[int, float] = {}
        self.newest = newest
        numbers = sorted(known)
        if numbers:
            self._pass_over(set(range(numbers[0], newest)).difference(numbers))

    @property
    def missing(self) -> frozenset[int]:
        """Numbers that were passed over a moment ago."""
        now = self._clock()
        for number in [number for number, until in self._missing.items() if until <= now]:
            del self._missing[number]
        return frozenset(self._missing)

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.newest, self.missing if self._missing else frozenset())

    def note(self, number: int) -> None:
        """It has come."""
        self._missing.pop(number, None)
        if number > self.newest:
            self._pass_over(range(max(self.newest + 1, number - MOST_MISSING), number))
            self.newest = number

    def _pass_over(self, numbers: Iterable[int]) -> None:
        until = self._clock() + PATIENCE
        self._missing.update(dict.fromkeys(sorted(numbers), until))
        for oldest in sorted(self._missing)[:-MOST_MISSING]:
            del self._missing[oldest]
