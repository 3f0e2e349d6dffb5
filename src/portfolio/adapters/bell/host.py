import asyncio
from collections.abc import Callable
from pathlib import Path

from portfolio.adapters.shared_file import SharedFile
from portfolio.core.events import Event

_WORD = 8
_LOOK_SECONDS = 0.05


class HostBell:
    """A number in a file that all processes of this host map, the command line included.

    Nobody locks it. Two who ring at the same moment may raise it by one together: whoever looks
    after that finds what both have committed before.

    Raises SettingsError where the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = SharedFile(path, _WORD)
        self._numbers = memoryview(self._file.memory).cast("Q")

    async def ring(self, _event: Event | None = None) -> None:
        self._numbers[0] = (self._numbers[0] + 1) % 2**63

    async def listen(self, heard: Callable[[], None]) -> None:
        known = self._numbers[0]
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._numbers[0] != known:
                known = self._numbers[0]
                heard()

    async def close(self) -> None:
        self._numbers.release()
        self._file.close()
