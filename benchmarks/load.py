"""The load: `wrk` where it is installed, else a Python one; requests a second and latencies."""

import asyncio
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, time_ns
from urllib.parse import urlsplit
from urllib.request import urlopen

GRACE_SECONDS, PATIENCE_SECONDS = 15, 10
OK = 200
BODILESS = (204, 304)
COUNTER = "{n}"
PAUSE, POST = (Path(__file__).with_name(name) for name in ("pause.lua", "post.lua"))
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
class Question:
    """What is asked, and the status that answers it; with a body, even an empty one, by POST.

    In the body COUNTER becomes a number that comes only once.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    status: int = OK

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def target(self) -> str:
        parts = urlsplit(self.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


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


def ask(question: Question) -> Answer:
    """One answer, over a connection of its own."""
    connection = HTTPConnection(question.host, timeout=GRACE_SECONDS)
    try:
        body = question.body and question.body.replace(COUNTER, str(time_ns()))
        connection.request(question.method, question.target, body, dict(question.headers))
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()


def measure(asked: str | Question, plan: Plan) -> Measured:
    """Warm up, then load a URL for `plan.seconds`. Raises LoadError if any request fails."""
    question = Question(asked) if isinstance(asked, str) else asked
    if plan.warm_up:
        _load(question, replace(plan, seconds=plan.warm_up))
    return _load(question, plan)


def _load(question: Question, plan: Plan) -> Measured:
    load = _wrk if shutil.which("wrk") else lambda *given: asyncio.run(_python(*given))
    return load(question, plan)


def _wrk(question: Question, plan: Plan) -> Measured:
    if plan.pause and question.body is not None:
        raise ValueError("wrk takes one script: either pauses or bodies")
    command = ["wrk", "-t1", f"-c{plan.connections}", f"-d{plan.seconds}s", "--latency"]
    command += ["--timeout", f"{PATIENCE_SECONDS}s"]
    command += [f"-H{name}: {value}" for name, value in question.headers.items()]
    command.append(question.url)
    if plan.pause:
        command += ["-s", str(PAUSE), "--", str(plan.pause)]
    if question.body is not None:
        command += ["-s", str(POST), "--", str(time_ns() // 1000), question.body]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=plan.seconds + GRACE_SECONDS, check=False
    )
    said = done.stdout + done.stderr
    if done.returncode or re.search(r"Non-2xx|Socket errors", said):
        raise LoadError(f"{question.url}: {said.strip()}")
    return Measured(
        _number(said, r"Requests/sec:\s+"), _number(said, r"50%\s+"), _number(said, r"99%\s+")
    )


def _number(text: str, before: str) -> float:
    found = re.search(before + r"([\d.]+)(us|ms|s|m)?\s", text + "\n")
    if found is None:
        raise LoadError(f"wrk said nothing after {before!r}: {text.strip()}")
    return float(found[1]) * UNITS.get(found[2], 1.0)


async def _python(question: Question, plan: Plan) -> Measured:
    tally, numbers = _Tally(), count(time_ns() // 1000)
    start = perf_counter()
    async with asyncio.timeout(plan.seconds + GRACE_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(plan.connections):
            group.create_task(
                _connection(question, start + plan.seconds, plan.pause, tally, numbers)
            )
    spent = perf_counter() - start
    if tally.failures or not tally.latencies:
        raise LoadError(f"{question.url}: {tally.failures} answers were not {question.status}")
    ordered = sorted(tally.latencies)
    return Measured(
        len(ordered) / spent, 1000 * median(ordered), 1000 * ordered[int(len(ordered) * 0.99)]
    )


async def _connection(
    question: Question, until: float, pause: int, tally: _Tally, numbers: Iterator[int]
) -> None:
    parts = urlsplit(question.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        while perf_counter() < until:
            await asyncio.sleep(random.uniform(0, 2 * pause) / 1000)
            request = _written(question, next(numbers))
            start = perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split(maxsplit=2)[1])
            if status not in BODILESS:
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                if length is None:
                    raise LoadError(f"{question.url}: no Content-Length; install wrk")
                await reader.readexactly(int(length[1]))
            tally.latencies.append(perf_counter() - start)
            tally.failures += status != question.status
    finally:
        writer.close()


def _written(question: Question, number: int) -> bytes:
    headers = {"Host": question.host, **question.headers}
    body = (question.body or "").replace(COUNTER, str(number)).encode()
    if question.body is not None:
        headers["Content-Length"] = str(len(body))
    lines = [f"{question.method} {question.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
