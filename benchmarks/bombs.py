"""S53: hostile pictures, their answers, seconds and memory; and reads meanwhile."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from statistics import median
from threading import Event
from time import perf_counter
from urllib.parse import urlsplit

from tests.factories import hostile
from tests.factories.hostile import MIB, Sample
from tests.factories.memory import Memory
from tests.factories.uploads import BOUNDARY, LIBRARY, form

from benchmarks import content, seeding
from benchmarks.load import Measured, Plan, measure, say
from benchmarks.report import Row, Section, comparison, method, table
from benchmarks.servers import Server, portfolio, running

SECONDS, MEMORY, P99 = 1, 100, 2
ROUNDS = 5
POSTS = 1_000
READERS, PAUSE = 10, 40  # some 240 requests a second
PATH = "/api/v1/posts?limit=20"
OWNER = {"ADMIN_EMAIL": "owner@example.com", "ADMIN_PASSWORD": "the owner's own long password"}
LOGIN = {"identifier": OWNER["ADMIN_EMAIL"], "password": OWNER["ADMIN_PASSWORD"]}


class _Client:
    """An admin, on one connection that is kept."""

    def __init__(self, server: Server) -> None:
        self._connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        body = self._ask("/api/v1/auth/login", json.dumps(LOGIN).encode(), "application/json")[1]
        self._token = json.loads(body)["access_token"]

    def upload(self, sample: Sample) -> tuple[int, float]:
        """The status, and how many seconds it took."""
        kind, body = f"multipart/form-data; boundary={BOUNDARY.decode()}", form(sample.content)
        start = perf_counter()
        status, _ = self._ask(LIBRARY, body, kind, {"Authorization": f"Bearer {self._token}"})
        return status, perf_counter() - start

    def _ask(
        self, path: str, body: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        self._connection.request("POST", path, body, {"Content-Type": kind, **(headers or {})})
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def run(plan: Plan, folder: Path) -> Section:
    """Every sample alone; then list reads without and with one who throws them all the time."""
    database = folder / "portfolio.db"
    seeding.seed_portfolio(database, content.posts(POSTS))
    server = portfolio(database, folder, **OWNER)
    samples = {**hostile.refused(), **hostile.accepted()}
    with running(server) as running_server:
        cells, slowest, largest = _thrown(running_server, samples)
    moderate = replace(plan, connections=READERS, pause=PAUSE)
    quiet, busy = [], []
    for turn in range(1, plan.rounds + 1):
        with running(server) as running_server:
            url = running_server.url + PATH
            quiet.append(measure(url, moderate))
            with _throwing(running_server):
                busy.append(measure(url, moderate))
        say(f"  {turn}/{plan.rounds} p99 {quiet[-1].p99:.2f} ms, {busy[-1].p99:.2f} with bombs")
    before, meanwhile = Measured.median(quiet), Measured.median(busy)
    rows = [Row("p99, list of 20", meanwhile.p99, before.p99, "ms", "≤", P99)]
    notes = [
        f"Wanted: each refused within {SECONDS} s, with less than {MEMORY} MiB more.",
        f"The slowest of those refused: {slowest:.2f} s; the largest: {largest:.0f} MiB.",
        f"Milliseconds: medians of {ROUNDS}. Memory: of the server with its children, at its most.",
        "List of 20: while one refused sample after the other comes, and without.",
        f"{POSTS:,} posts in SQLite, one worker, response cache off.",
    ]
    sides = "while bombs are thrown", "without"
    both = "\n\n".join([comparison(sides, rows), table(cells)])
    sound = slowest < SECONDS and largest < MEMORY
    return Section("S53", "hostile pictures", both, [*notes, method(moderate)], sound)


def _thrown(server: Server, samples: Mapping[str, Sample]) -> tuple[list[list[str]], float, float]:
    """A table; the most seconds and MiB of those refused."""
    client, cells = _Client(server), [["", "status", "ms", "MiB"]]
    slowest = largest = 0.0
    for name, sample in samples.items():
        taken = [client.upload(sample) for _ in range(ROUNDS)]
        seconds = median(each for _, each in taken)
        with _watching(server) as memory:
            status, _ = client.upload(sample)
        grown = memory.grown / MIB
        if status != sample.status:
            raise RuntimeError(f"{name}: {status}")
        if status >= 400:  # noqa: PLR2004 - refused
            slowest, largest = max(slowest, seconds), max(largest, grown)
        cells.append([name, str(status), f"{1000 * seconds:.0f}", f"{grown:.0f}"])
        say(f"  {' | '.join(cells[-1])}")
    return cells, slowest, largest


@contextmanager
def _watching(server: Server) -> Iterator[Memory]:
    memory, stop = Memory(server.pid), Event()

    def watch() -> None:
        while not stop.wait(0.002):
            memory.look()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(watch)
        try:
            yield memory
        finally:
            stop.set()


@contextmanager
def _throwing(server: Server) -> Iterator[None]:
    client, stop = _Client(server), Event()

    def throw() -> None:
        for sample in cycle(hostile.refused().values()):
            if stop.is_set():
                return
            client.upload(sample)

    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(throw)
        try:
            yield
        finally:
            stop.set()
        under_way.result()
