import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from portfolio.core.events import Event


class Bell(Protocol):
    """A courtesy: whoever has to know also looks from time to time without having heard it."""

    async def ring(self, _event: Event | None = None) -> None:
        """Never fails, and waits for nobody; can be subscribed to an event."""

    async def listen(self, heard: Callable[[], None]) -> None:
        """Call `heard` once it rings, here or elsewhere, until this is cancelled."""

    async def close(self) -> None: ...


class Bells:
    """Several that ring together."""

    def __init__(self, bells: Sequence[Bell]) -> None:
        self._bells = bells

    async def ring(self, _event: Event | None = None) -> None:
        for bell in self._bells:
            await bell.ring()

    async def listen(self, heard: Callable[[], None]) -> None:
        await asyncio.gather(*(bell.listen(heard) for bell in self._bells))

    async def close(self) -> None:
        for bell in self._bells:
            await bell.close()
