"""Server processes on free loopback ports: started, awaited, measured and always ended."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import perf_counter, sleep
from typing import IO

from portfolio.core.config import LimitSettings

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
READY_SECONDS = 120
STOP_SECONDS = 15
IDLE_SECONDS = 0.5
POLL_SECONDS = 0.005
OK = 200
MEGABYTE = 1_000_000
# Limits stay on, so that their cost is counted, and are raised out of reach by these variables.
RAISED = {
    f"RATE_LIMIT_{name.upper()}": "1000000000/minute"
    for name in LimitSettings.model_construct().quotas
}
# A developer's own settings must not change what is measured.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


@dataclass(frozen=True, eq=False)
class Command:
    """How one side is started: the arguments after `python`, and its environment."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    health: str = "/health"


@dataclass(frozen=True)
class Server:
    """A server that answers. `started_in` are the seconds from process start to the first 200."""

    url: str
    pid: int
    started_in: float

    @property
    def place(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")

    def resident(self) -> float:
        """Resident memory of the process and its children, in megabytes."""
        return sum(_resident(pid) for pid in _family(self.pid)) / MEGABYTE

    def processor_seconds(self) -> dict[int, float]:
        """What the process and its children have used so far; empty where nobody tells."""
        return {pid: spent for pid in _family(self.pid) if (spent := _processor_seconds(pid))}

    def settle(self) -> None:
        """Wait until no process of it is busy any more: the first one answers before the last."""
        until = perf_counter() + READY_SECONDS
        before: dict[int, float] | None = None
        while before != (now := self.processor_seconds()) and perf_counter() < until:
            before = now
            sleep(IDLE_SECONDS)


def uvicorn(name: str, module: str, database: Path) -> Command:
    """One worker of an app of this folder, with uvloop and httptools as everybody runs it."""
    options = "--workers 1 --loop uvloop --http httptools --no-access-log --log-level warning"
    return Command(
        name,
        ("-m", "uvicorn", f"benchmarks.{module}:app", *options.split()),
        {"BENCHMARK_DATABASE_URL": f"sqlite+aiosqlite:///{database}"},
    )


def ready(name: str, answer: Path, workers: int) -> Command:
    """The bare ASGI function, under uvicorn as the real application is."""
    options = f"--workers {workers} --loop uvloop --http httptools --lifespan off"
    options += " --no-access-log --no-proxy-headers --no-server-header --log-level warning"
    return Command(
        name,
        ("-m", "uvicorn", "benchmarks.ready:app", *options.split()),
        {"BENCHMARK_ANSWER": str(answer)},
    )


def portfolio(database: Path, data_dir: Path, **environment: str) -> Command:
    """The real application, one worker, its response cache off."""
    return Command(
        "portfolio",
        ("-m", "portfolio", "serve"),
        {
            "DATABASE_URL": f"sqlite+aiosqlite:///{database}",
            "DATA_DIR": str(data_dir),
            "WORKERS": "1",
            "LOG_LEVEL": "warning",
            "CACHE_ENABLED": "false",
            **RAISED,
            **environment,
        },
    )


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), **extra}


@contextmanager
def running(command: Command) -> Iterator[Server]:
    """Start `command` on a free port, wait for its first 200, and end it whatever happens."""
    port = _free_port()
    arguments = [sys.executable, *command.arguments]
    if "uvicorn" in command.arguments:
        arguments += ["--host", HOST, "--port", str(port)]
    variables = environment({"HOST": HOST, "PORT": str(port), **command.environment})
    with tempfile.TemporaryDirectory() as nowhere, tempfile.TemporaryFile() as log:
        start = perf_counter()
        process = subprocess.Popen(
            arguments, cwd=nowhere, env=variables, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(process, port, command, log)
            yield Server(f"http://{HOST}:{port}", process.pid, perf_counter() - start)
        finally:
            _end(process)


def _wait(process: subprocess.Popen[bytes], port: int, command: Command, log: IO[bytes]) -> None:
    until = perf_counter() + READY_SECONDS
    while perf_counter() < until and process.poll() is None:
        with suppress(OSError, HTTPException):
            connection = HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", command.health)
            status = connection.getresponse().status
            connection.close()
            if status == OK:
                return
        sleep(POLL_SECONDS)
    log.seek(0)
    said = log.read()[-2000:].decode(errors="replace")
    raise RuntimeError(f"{command.name} did not become ready: {said}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        # Its session is ours alone; what it left behind goes with it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _family(pid: int) -> list[int]:
    family = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                family += _family(int(child))
    return family


def _processor_seconds(pid: int) -> float:
    with suppress(OSError):
        # After the name, which may hold anything and ends with the last bracket.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _resident(pid: int) -> int:
    with suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    done = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return 1024 * int(done.stdout.strip() or 0)
