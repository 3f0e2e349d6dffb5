"""The product as a stranger meets it: `portfolio serve` in a process of its own, asked over TCP."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import httpx2

HOST = "127.0.0.1"
PORTFOLIO = sys.executable, "-m", "portfolio"
PUBLIC_URL = "https://folio.example"
ADMIN, ADMIN_PASSWORD = "owner@example.com", "the owner's own long password"
START, STOP = 120, 60  # seconds, on the slowest machine
OUT_OF_REACH = "1000000/minute"
# As an operator would set them, but for limits, which all tests share, and the work of a hash.
VARIABLES = {
    "ENVIRONMENT": "test",
    "WORKERS": "1",
    "BCRYPT_COST": "4",
    "SECRET_KEY": "signs-and-seals-0123456789abcdef",
    "PASSWORD_PEPPER": "pepper-of-tests-0123456789abcdef",
    "PUBLIC_URL": PUBLIC_URL,
    "SITE_NAME": "Folio",
    "ADMIN_EMAIL": ADMIN,
    "ADMIN_PASSWORD": ADMIN_PASSWORD,
    "LOG_FORMAT": "json",
    "RATE_LIMIT_LOGIN": OUT_OF_REACH,
    "RATE_LIMIT_REGISTER": OUT_OF_REACH,
    "RATE_LIMIT_ACCOUNT_MAIL": OUT_OF_REACH,
    "RATE_LIMIT_ACCOUNT_MAIL_CLIENT": OUT_OF_REACH,
    "RATE_LIMIT_UPLOADS": OUT_OF_REACH,
}

T = TypeVar("T")


class Server:
    """One server with a data folder of its own; started again it has another port, without PORT."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.data_dir.mkdir(parents=True)
        self.variables = VARIABLES | {"DATA_DIR": str(self.data_dir)} | variables
        self.url = ""
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, **changes: str) -> None:
        """Returns once it is ready."""
        self.variables |= changes
        while not await self._started():
            pass

    async def stop(self) -> None:
        """An orderly end, as a supervisor asks for it."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        # Elsewhere, for it may hand mail to a server of this loop first.
        status = await asyncio.to_thread(process.wait, STOP)
        self._process = None
        assert status == 0, self.output()

    def send(self, number: signal.Signals) -> None:
        """A signal, to the process that was started and not to its workers."""
        self._running().send_signal(number)

    async def ended(self) -> int:
        """Its exit status, once it has ended by itself."""
        process, self._process = self._running(), None
        return await asyncio.to_thread(process.wait, STOP)

    @property
    def pid(self) -> int:
        return self._running().pid

    def workers(self) -> set[int]:
        """The processes that serve on its behalf."""
        parent = self._running().pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return {int(pid) for pid in children if b"spawn_main" in _command_of(pid)}

    def kill(self) -> None:
        """Kill -9, of all of its workers."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def output(self) -> str:
        """All that it has said since its first start."""
        return self._log.read_text()

    async def says(self, words: str, begun: int = 0) -> None:
        """Returns once that stands in its output, beyond its first `begun` characters."""

        async def look() -> bool:
            return words in self.output()[begun:]

        await eventually(look)

    def client(self, **headers: str) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=60)

    async def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What `portfolio …` does with the same settings."""
        return await asyncio.to_thread(
            subprocess.run,
            [*PORTFOLIO, *words],
            env=self._environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    async def _started(self) -> bool:
        """False if somebody else was faster to take the port."""
        port = int(self.variables.get("PORT") or free_port())
        self.url = f"http://{HOST}:{port}"
        begun = self._log.stat().st_size if self._log.exists() else 0
        process = self._process = self._launch(port)
        async with asyncio.timeout(START):
            while process.poll() is None:
                # Whoever else has this port by now has not announced itself in our log.
                if "API:" in self.output()[begun:] and await is_ready(self.url):
                    return True
                await asyncio.sleep(0.05)
        self._process = None
        assert "cannot listen" in self.output()[begun:], self.output()
        return False

    def _launch(self, port: int) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own command
                [*PORTFOLIO, "serve"],
                env=self._environment(PORT=str(port)),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environment(self, **more: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], **self.variables, **more}

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process


@asynccontextmanager
async def running_server(folder: Path, **variables: str) -> AsyncIterator[Server]:
    """It has ended afterwards: in good order unless it was killed, or something else went wrong."""
    server = Server(folder, **variables)
    try:
        await server.start()
        yield server
        if server.is_running:
            await server.stop()
    finally:
        server.kill()


async def eventually(look: Callable[[], Awaitable[T | None]], seconds: float = 60) -> T:
    """What it finds, as soon as that is something. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.05)
        return found


def _command_of(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


async def is_ready(url: str) -> bool:
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=60) as client:
            return (await client.get("/health/ready")).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
