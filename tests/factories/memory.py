"""How much memory a server takes, with whatever it starts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_LOOK_EVERY = 0.002  # seconds; a process that renders lives for some fifty times that


class Memory:
    """In bytes, since the watch began."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = _taken_by(pid)
        self.grown = 0

    def look(self) -> None:
        self.grown = max(self.grown, _taken_by(self._pid) - self._before)


@asynccontextmanager
async def watching(pid: int) -> AsyncIterator[Memory]:
    """What the process and all below it take at most, from here on."""
    memory = Memory(pid)

    async def watch() -> None:
        while True:
            memory.look()
            await asyncio.sleep(_LOOK_EVERY)

    watcher = asyncio.create_task(watch())
    try:
        yield memory
    finally:
        watcher.cancel()


def _taken_by(pid: int) -> int:
    own = _figure(pid, "VmRSS")
    return own + sum(_figure(child, "VmHWM") for child in descendants(pid))


def descendants(pid: int) -> list[int]:
    """Programs that it has started, and that those have."""
    found = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                # Until it has become another program, its memory is that of its parent.
                if _program(child) != _program(pid):
                    found.append(child)
                found += descendants(child)
    return found


def _program(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _figure(pid: int, name: str) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0
