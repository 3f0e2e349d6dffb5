"""Work that many want at the same time, and that is done once for all of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Coalesced(Generic[T]):
    """Done for all who asked before it began; for those who come later it is done again."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._waiting: list[asyncio.Future[T]] = []
        self._running: asyncio.Task[None] | None = None

    def ask(self) -> asyncio.Future[T]:
        """What comes of it, or what it raises. It is done whether or not anybody waits for that."""
        asked: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(asked)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return asked

    async def close(self, grace: float = 0) -> None:
        """What is not done within so many seconds is cancelled."""
        running = self._running
        if running is not None:
            await asyncio.wait([running], timeout=grace)
            running.cancel()
            await asyncio.wait([running])

    async def _run(self) -> None:
        asked: list[asyncio.Future[T]] = []
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                await self._settle(asked)
        finally:
            self._running = None
            for future in [*asked, *self._waiting]:
                future.cancel()

    async def _settle(self, asked: list[asyncio.Future[T]]) -> None:
        try:
            outcome = await self._work()
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            for future in asked:
                if not future.done():
                    future.set_exception(error)
        else:
            for future in asked:
                if not future.done():
                    future.set_result(outcome)
