"""P4: public reads while 20 clients log in without pause, and logins at the rate of the hash."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from threading import Event
from time import perf_counter

from benchmarks import accounts, content, seeding
from benchmarks.load import LoadError, Measured, Plan, measure, say
from benchmarks.report import Row, Section, comparison, method
from benchmarks.servers import OK, RAISED, portfolio, running
from portfolio.adapters.hashing import PasswordHashing

TARGET, RATE = 3, 0.9
POSTS = 1_000
CLIENTS = 20
MOST = 1_000  # logins of one client
READERS, PAUSE = 10, 40  # some 240 requests a second
UNAUTHORIZED = 401
PATHS = {
    "list of 20": "/api/v1/posts?limit=20",
    "one post": f"/api/v1/posts/{content.slug(POSTS // 2)}",
}


@dataclass(frozen=True)
class _Turn:
    """What one server showed: latencies by path, quiet and while others log in, and rates."""

    quiet: Mapping[str, Measured]
    busy: Mapping[str, Measured]
    logins: float
    hashes: float


def run(plan: Plan, folder: Path) -> Section:
    """Each client has two accounts; every other password is wrong, so that nothing locks."""
    database = folder / "portfolio.db"
    seeding.seed_portfolio(database, content.posts(POSTS))
    accounts.seed(database, (_name(client, nth) for client in range(CLIENTS) for nth in range(2)))
    server = portfolio(database, folder, **accounts.ENVIRONMENT)
    moderate = replace(plan, connections=READERS, pause=PAUSE)
    turns = []
    for number in range(1, plan.rounds + 1):
        with running(server) as running_server:
            turns.append(_turn(running_server.url, moderate))
        say(f"  {number}/{plan.rounds} {turns[-1]}")
    rows = [
        Row(
            f"p99, {name}",
            median(turn.busy[name].p99 for turn in turns),
            median(turn.quiet[name].p99 for turn in turns),
            "ms",
            "≤",
            TARGET,
        )
        for name in PATHS
    ]
    logins, hashes = (
        median(getattr(turn, name) for turn in turns) for name in ("logins", "hashes")
    )
    rows.append(Row("logins against hashes alone", logins, hashes, "/s", "≥", RATE))
    notes = [
        f"{POSTS:,} posts; SQLite, one worker, response cache off; bcrypt with cost {accounts.COST}.",
        f"Limits raised out of reach: {', '.join(RAISED)}.",
        *(
            f"{name}: {median(turn.quiet[name].rate for turn in turns):,.0f} requests a second, "
            f"{median(turn.busy[name].rate for turn in turns):,.0f} while {CLIENTS} log in; median "
            f"latency {median(turn.quiet[name].p50 for turn in turns):.2f} and "
            f"{median(turn.busy[name].p50 for turn in turns):.2f} ms."
            for name in PATHS
        ),
        "The hashes are made in as many threads as the application has for them.",
    ]
    sides = (f"while {CLIENTS} log in", "without")
    return Section(
        "P4", "reads while others log in", comparison(sides, rows), [*notes, method(moderate)]
    )


def _turn(url: str, plan: Plan) -> _Turn:
    quiet, busy, logins = {}, {}, []
    hashes = asyncio.run(_hashes(plan.seconds))
    for name, path in PATHS.items():
        quiet[name] = measure(url + path, plan)
        busy[name], rate = _while_they_log_in(url, path, plan)
        logins.append(rate)
    return _Turn(quiet, busy, median(logins), hashes)


async def _hashes(seconds: float) -> float:
    """Passwords checked in a second while nothing else happens."""
    hashing, stored = PasswordHashing(accounts.HASHER), accounts.HASHER.hash(accounts.PASSWORD)
    start, count = perf_counter(), 0

    async def check() -> None:
        nonlocal count
        while perf_counter() < start + seconds:
            await hashing.verify(accounts.PASSWORD, stored)
            count += 1

    await asyncio.gather(*(check() for _ in range(CLIENTS)))
    hashing.close()
    return count / (perf_counter() - start)


def _while_they_log_in(url: str, path: str, plan: Plan) -> tuple[Measured, float]:
    """The latencies of `path`, and the logins in each second of the time that they were taken."""
    stop = Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        start = perf_counter()
        clients = [pool.submit(_log_in, url, number, stop) for number in range(CLIENTS)]
        try:
            measured = measure(url + path, plan)
            end = perf_counter()
        finally:
            stop.set()
    served = [moment for client in clients for moment in client.result() if moment <= end]
    return measured, len(served) / (end - start)


def _log_in(url: str, number: int, stop: Event) -> list[float]:
    """When each answer came. Raises LoadError for one that is not what it should be."""
    served = []
    with accounts.client(url) as client:
        for attempt in range(MOST):
            if stop.is_set():
                break
            password, status = [(accounts.PASSWORD, OK), (accounts.WRONG, UNAUTHORIZED)][
                attempt % 2
            ]
            name = accounts.email(_name(number, attempt // 2 % 2))
            answer = client.post("/api/v1/auth/login", {"identifier": name, "password": password})
            if answer.status != status:
                raise LoadError(f"a login was answered with {answer.status}, not with {status}")
            served.append(perf_counter())
    return served


def _name(client: int, nth: int) -> str:
    return f"client-{client}-{nth}"
