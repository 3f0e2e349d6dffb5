"""API tokens that were found to be good a moment ago."""

from collections.abc import Callable
from time import monotonic

GOOD_SECONDS = 300.0
MAX_TOKENS = 1000


class KnownTokens:
    """Digests of tokens, each for five minutes after it was last checked; the oldest make room."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self, digest: str) -> None:
        """To be called by whoever has looked the token up, and found that it is good."""
        self._until.pop(digest, None)
        if len(self._until) >= MAX_TOKENS:
            del self._until[next(iter(self._until))]
        self._until[digest] = self._clock() + GOOD_SECONDS

    def __contains__(self, digest: str) -> bool:
        return self._until.get(digest, 0.0) > self._clock()
