"""Takes media from one storage to another."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from portfolio.adapters.storage import Kept, Storage, describe, extension_of

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class MovePlan:
    """`there`: files that the target has already, by key and size; `pending`: all others."""

    there: list[Kept]
    pending: list[Kept]


class MediaMove:
    """Copies; the source keeps its files until clear(). Goes on where it was interrupted."""

    def __init__(self, source: Storage, target: Storage) -> None:
        self._source = source
        self._target = target

    async def plan(self) -> MovePlan:
        sizes: dict[str, int] = {}
        async for kept in self._target.keys():
            sizes[kept.key] = kept.bytes
        plan = MovePlan([], [])
        async for kept in self._source.keys():
            is_there = sizes.get(kept.key) == kept.bytes
            (plan.there if is_there else plan.pending).append(kept)
        return plan

    async def run(self, pending: Sequence[Kept], done: Callable[[Kept, bool], None]) -> None:
        """Copy these and read them back; done(file, False) for one that is damaged."""
        left = iter(pending)
        await asyncio.gather(*(self._work(left, done) for _ in range(AT_ONCE)))

    async def clear(self, moved: Sequence[Kept]) -> None:
        """Delete files at the source."""
        for kept in moved:
            await self._source.delete(kept.key)

    async def _work(self, left: Iterator[Kept], done: Callable[[Kept, bool], None]) -> None:
        with TemporaryDirectory() as folder:
            # They share one iterator: each takes what no other has.
            for kept in left:
                done(kept, await self._copy(kept.key, Path(folder)))

    async def _copy(self, key: str, folder: Path) -> bool:
        copy, extension = folder / "copy", extension_of(key)
        if not await self._source.fetch(key, copy):
            return True  # Deleted meanwhile.
        if await _key(copy, extension) != key:
            return False
        await self._target.put(copy, extension)
        return await self._target.fetch(key, copy) and await _key(copy, extension) == key


async def _key(path: Path, extension: str) -> str:
    return (await asyncio.to_thread(describe, path, extension)).key
