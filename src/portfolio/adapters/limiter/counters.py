"""Where requests are counted: by all who count, in windows that begin with the first request."""

from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from time import monotonic
from typing import Protocol

from portfolio.adapters.limiter.policy import Policy, Verdict, Window

MAX_KEYS = 10_000
_NEVER = (0, 0.0)


class Counters(Protocol):
    async def hit(self, policy: Policy, key: str) -> Verdict:
        """Count one request, in all windows or, where one of them is used up, in none."""

    async def close(self) -> None: ...


class MemoryCounters:
    """In this process. Of each window it knows 10,000 keys, and forgets the oldest beyond."""

    def __init__(self, max_keys: int = MAX_KEYS, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._max_keys = max_keys
        # Keys stand in the order in which their windows end: all of a table last equally long.
        self._tables: dict[Window, dict[str, tuple[int, float]]] = defaultdict(dict)

    async def hit(self, policy: Policy, key: str) -> Verdict:
        now = self._clock()
        if len(policy.windows) == 1:
            return self._hit_one(policy.windows[0], key, now)
        allowed = True
        found = []
        for window in policy.windows:
            table = self._tables[window]
            count, ends = table.get(key, _NEVER)
            if ends <= now:
                count, ends = 0, now + window.seconds
            elif count >= window.amount:
                allowed = False
            found.append((window, table, count, ends))
        states = []
        for window, table, count, ends in found:
            if allowed:
                if not count:
                    self._make_room(table, key, now)
                table[key] = (count + 1, ends)
            states.append((window.amount - count - allowed, ends - now))
        return Verdict(allowed, states)

    async def close(self) -> None:
        self._tables.clear()

    def _hit_one(self, window: Window, key: str, now: float) -> Verdict:
        """hit() without the detour that several windows need."""
        table = self._tables[window]
        count, ends = table.get(key, _NEVER)
        if ends <= now:
            count, ends = 0, now + window.seconds
            self._make_room(table, key, now)
        elif count >= window.amount:
            return Verdict(False, ((0, ends - now),))
        table[key] = (count + 1, ends)
        return Verdict(True, ((window.amount - count - 1, ends - now),))

    def _make_room(self, table: dict[str, tuple[int, float]], key: str, now: float) -> None:
        table.pop(key, None)
        # Two go for one that comes: what has ended is soon gone, and nobody waits for it.
        for oldest in [*islice(table, 2)]:
            if table[oldest][1] <= now or len(table) >= self._max_keys:
                del table[oldest]
