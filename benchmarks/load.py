"""The load: `wrk` where it is installed, else a Python one; requests a second and latencies."""

import asyncio
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit
from urllib.request import urlopen

GRACE_SECONDS = 15
OK = 200
PAUSE = Path(__file__).with_name("pause.lua")
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class LoadError(Exception):
    """Some request failed, so the figure would mean nothing."""


@dataclass(frozen=True)
class Plan:
    """How much load, for how long (seconds), and how often each side has its turn.

    `pause`: milliseconds that a connection rests before each request, on average.
    """

    connections: int = 32
    seconds: int = 8
    warm_up: int = 2
    rounds: int = 3
    pause: int = 0


@dataclass(frozen=True)
class Measured:
    """Requests a second; the median and 99th percentile of the latency in milliseconds."""

    rate: float
    p50: float
    p99: float

    @classmethod
    def median(cls, rounds: Iterable["Measured"]) -> "Measured":
        taken = list(rounds)
        return cls(
            median(one.rate for one in taken),
            median(one.p50 for one in taken),
            median(one.p99 for one in taken),
        )


@dataclass
class _Tally:
    latencies: list[float] = field(default_factory=list)
    failures: int = 0


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "Python asyncio"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def fetch(url: str) -> bytes:
    """The body of one answer. Raises HTTPError if it is no success."""
    with urlopen(url, timeout=GRACE_SECONDS) as answer:
        body: bytes = answer.read()
        return body


def measure(url: str, plan: Plan) -> Measured:
    """Warm up, then load `url` for `plan.seconds`. Raises LoadError if any request fails."""
    if plan.warm_up:
        _load(url, replace(plan, seconds=plan.warm_up))
    return _load(url, plan)


def _load(url: str, plan: Plan) -> Measured:
    return _wrk(url, plan) if shutil.which("wrk") else asyncio.run(_python(url, plan))


def _wrk(url: str, plan: Plan) -> Measured:
    command = ["wrk", "-t1", f"-c{plan.connections}", f"-d{plan.seconds}s", "--latency", url]
    if plan.pause:
        command += ["-s", str(PAUSE), "--", str(plan.pause)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=plan.seconds + GRACE_SECONDS, check=False
    )
    said = done.stdout + done.stderr
    if done.returncode or re.search(r"Non-2xx|Socket errors", said):
        raise LoadError(f"{url}: {said.strip()}")
    return Measured(
        _number(said, r"Requests/sec:\s+"), _number(said, r"50%\s+"), _number(said, r"99%\s+")
    )


def _number(text: str, before: str) -> float:
    found = re.search(before + r"([\d.]+)(us|ms|s|m)?\s", text + "\n")
    if found is None:
        raise LoadError(f"wrk said nothing after {before!r}: {text.strip()}")
    return float(found[1]) * UNITS.get(found[2], 1.0)


async def _python(url: str, plan: Plan) -> Measured:
    tally = _Tally()
    start = perf_counter()
    async with asyncio.timeout(plan.seconds + GRACE_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(plan.connections):
            group.create_task(_connection(url, start + plan.seconds, plan.pause, tally))
    spent = perf_counter() - start
    if tally.failures or not tally.latencies:
        raise LoadError(f"{url}: {tally.failures} answers were not 200")
    ordered = sorted(tally.latencies)
    return Measured(
        len(ordered) / spent, 1000 * median(ordered), 1000 * ordered[int(len(ordered) * 0.99)]
    )


async def _connection(url: str, until: float, pause: int, tally: _Tally) -> None:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        while perf_counter() < until:
            await asyncio.sleep(random.uniform(0, 2 * pause) / 1000)
            start = perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            if length is None:
                raise LoadError(f"{url} answers without Content-Length; install wrk")
            await reader.readexactly(int(length[1]))
            tally.latencies.append(perf_counter() - start)
            tally.failures += int(head.split(maxsplit=2)[1]) != OK
    finally:
        writer.close()
