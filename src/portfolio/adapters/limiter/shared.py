"""Counters that the workers of one host share: a file in memory."""

import struct
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from time import monotonic

from portfolio.adapters.limiter.policy import Policy, Verdict
from portfolio.adapters.shared_file import SharedFile

# A digest of key and window, when the window ends, the count, how long the window is.
_SLOT = struct.Struct("=16sdII")
_REST = struct.Struct("=dII")
_DIGEST = 16
_WAYS = 8
_BUCKET = _WAYS * _SLOT.size
_BUCKETS = 8192
_PATIENCE = 0.02  # seconds: a thousand times what an update takes


class SharedCounters:
    """65,536 slots of 32 bytes, in buckets of eight; in a full bucket the one that ends first goes.

    An update holds a lock for some microseconds; whoever is stopped just then is not waited for,
    which may cost a count of one. The clock is the host's monotonic one, which begins anew with
    the host: a window that would end later than it can is over.

    Raises SettingsError where the file cannot be made.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._file = SharedFile(path, _BUCKETS * _BUCKET)
        self._map = self._file.memory

    async def hit(self, policy: Policy, key: str) -> Verdict:
        now = self._clock()
        allowed = True
        found = []
        name = key.encode("utf-8", "surrogatepass")
        self._file.lock(_PATIENCE)
        try:
            for window in policy.windows:
                digest = blake2b(window.salt + name, digest_size=_DIGEST).digest()
                place, count, ends = self._find(digest, window.seconds, now)
                if count >= window.amount:
                    allowed = False
                found.append((window, digest, place, count, ends))
            if allowed:
                for window, digest, place, count, ends in found:
                    _SLOT.pack_into(self._map, place, digest, ends, count + 1, window.seconds)
        finally:
            self._file.unlock()
        states = []
        for window, _, _, count, ends in found:
            states.append((max(0, window.amount - count - allowed), ends - now))
        return Verdict(allowed, states)

    async def close(self) -> None:
        self._file.close()

    def _find(self, digest: bytes, seconds: int, now: float) -> tuple[int, int, float]:
        """Where this digest counts, how much it has, and when its window ends."""
        start = int.from_bytes(digest[:4], "little") % _BUCKETS * _BUCKET
        bucket = self._map[start : start + _BUCKET]
        at = bucket.find(digest)
        if at < 0 or at % _SLOT.size:
            return start + _free(bucket, now), 0, now + seconds
        ends, count, length = _REST.unpack_from(bucket, at + _DIGEST)
        if now < ends <= now + length:
            return start + at, count, ends
        return start + at, 0, now + seconds


def _free(bucket: bytes, now: float) -> int:
    """The place in this bucket that is empty, over, or over soonest."""

    def ends(at: int) -> float:
        when, _, length = _REST.unpack_from(bucket, at + _DIGEST)
        return float(when) if when <= now + length else 0.0

    return min(range(0, _BUCKET, _SLOT.size), key=ends)
