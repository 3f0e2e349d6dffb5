"""What was made once and is good until something that it shows changes."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from math import inf
from time import time
from typing import Any

from portfolio.adapters.cache.versions import Versions, slots_of
from portfolio.core.events import Changed

# What an entry costs besides its value: key, slots and places in two tables.
OVERHEAD = 1024


@dataclass(frozen=True, slots=True)
class _Entry:
    value: Any
    size: int
    slots: tuple[int, ...]
    since: int
    until: float


class Cache:
    """Values in this process, and the knowledge which of them are out of date, shared by all.

    An entry is good until one of its tags is raised, until its time is over, or until those that
    were used more recently need its place. Whoever makes one asks for position() first, and only
    then reads what it is made of: what is raised in between spoils it.
    """

    def __init__(
        self, versions: Versions, max_bytes: int, ttl: float, clock: Callable[[], float] = time
    ) -> None:
        self._versions = versions
        self._max_bytes = max_bytes
        self._ttl = ttl
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._claims: dict[Hashable, asyncio.Event] = {}
        self.bytes = 0
        # A number that grows with every change, as known now to all who share the site; get()
        # answers as of the last one. Raises CacheAwayError.
        self.position = versions.position

    def get(self, key: Hashable) -> Any:
        """The value; None where there is none that is good."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until <= self._clock() or not self._versions.unraised(entry.slots, entry.since):
            self.delete(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    def set(
        self,
        key: Hashable,
        value: Any,
        *,
        tags: Iterable[str],
        since: int,
        size: int = 0,
        until: float = inf,
    ) -> None:
        """Keep a value that was made after position() was `since`, until that Unix time."""
        self.delete(key)
        until = min(until, self._clock() + self._ttl)
        entry = _Entry(value, size + OVERHEAD, slots_of(tags), since, until)
        if entry.size > self._max_bytes:
            return
        self._entries[key] = entry
        self.bytes += entry.size
        while self.bytes > self._max_bytes:
            self.bytes -= self._entries.popitem(last=False)[1].size

    def delete(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= entry.size

    async def claim(self, key: Hashable) -> bool:
        """Whether the caller is to make this value, and to call release() then.

        Otherwise somebody just did, or tried: look again.
        """
        claim = self._claims.get(key)
        if claim is None:
            self._claims[key] = asyncio.Event()
            return True
        await claim.wait()
        return False

    def release(self, key: Hashable) -> None:
        """Let those go on who wait for this value."""
        claim = self._claims.pop(key, None)
        if claim is not None:
            claim.set()

    async def changed(self, event: Changed) -> None:
        """For the bus: what bears one of these tags is out of date, here and everywhere."""
        await self._versions.raise_tags(event.tags)

    async def purge(self) -> None:
        """Everything is out of date. Raises CacheAwayError where not everybody could be told."""
        await self._versions.raise_all()

    async def close(self) -> None:
        await self._versions.close()
