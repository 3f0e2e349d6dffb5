"""P8: one event for 1,000 who listen, until the last one has it, against a bare ASGI loop."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from pydantic import SecretStr

from benchmarks import content, seeding
from benchmarks.listening import ORIGIN
from benchmarks.load import OK, Plan, say
from benchmarks.report import Row, Section, comparison
from benchmarks.servers import ROOT, Command, Server, environment, portfolio, running
from portfolio.core.config import (
    DatabaseSettings,
    SecuritySettings,
    ServerSettings,
    Settings,
    StorageSettings,
)
from portfolio.models.users import User
from portfolio.wiring import Services, build_services

TARGET = 2
LISTENERS, EVENTS = 1_000, 20
WARMING = 4  # with the rest an even number: in the end nobody likes it any more
SLUG = content.slug(1)
LIKE = f"/api/v1/posts/{SLUG}/reactions/like"
REST = 0.1  # seconds between two events
# As long as what the other side sends.
TEXT = (
    '{"type":"reactions.changed","id":"12","topic":"posts:a-slug-of-some-length","at":'
    '"2026-11-22T10:00:00.000000Z","data":{"target_type":"posts","target_id":2,'
    '"counts":{"like":1},"total":1}}'
)

# What brings an event about, the number of which it gets.
Tell = Callable[[HTTPConnection, int], None]


@dataclass(frozen=True)
class Side:
    command: Command
    tell: Tell


def run(plan: Plan, folder: Path) -> Section:
    database = folder / "portfolio.db"
    seeding.seed_portfolio(database, content.posts(10))
    token = asyncio.run(_login(database))
    sides = [_ours(database, token), _bare()]
    taken: list[list[float]] = [[], []]
    for turn in range(1, plan.rounds + 1):
        for side, found in zip(sides, taken, strict=True):
            found.append(median(_moments(side)))
            say(f"  {turn}/{plan.rounds} {side.command.name}: {1000 * found[-1]:.1f} ms")
    ours, theirs = (1000 * median(found) for found in taken)
    rows = [Row(f"the last of {LISTENERS:,} has it", ours, theirs, "ms", "≤", TARGET)]
    notes = [
        (
            f"{LISTENERS:,} WebSockets of one topic, one worker, SQLite; another process of the same "
            "machine has them open."
        ),
        (
            f"Medians of {EVENTS} events, {plan.rounds} times, sides in turn: from the request that "
            "brings it about to the moment at which the last has read it."
        ),
        (
            "Ours is a reaction: it is committed to the disk, counted, and read from the table again; "
            "the other side passes on what was posted."
        ),
        "LIVE_PER_CLIENT and rate limits are raised out of reach.",
    ]
    return Section("P8", "live updates", comparison(("portfolio", "bare ASGI"), rows), notes)


def _moments(side: Side) -> list[float]:
    """Seconds, for each event."""
    taken = []
    with running(side.command) as server, listening(server, f"posts:{SLUG}", LISTENERS) as ears:
        connection = HTTPConnection(server.place)
        for number in range(WARMING + EVENTS):
            sleep(REST)
            assert ears.stdin
            assert ears.stdout
            ears.stdin.write("next\n")
            ears.stdin.flush()
            begun = perf_counter()
            side.tell(connection, number)
            answer = connection.getresponse()
            answer.read()
            if answer.status != OK:
                raise RuntimeError(f"{side.command.name} answered {answer.status}")
            taken.append(float(ears.stdout.readline()) - begun)
        connection.close()
    return taken[WARMING:]


@contextmanager
def listening(server: Server, topic: str, count: int, *how: str) -> Iterator[subprocess.Popen[str]]:
    """So many who have subscribed."""
    words = ["-m", "benchmarks.listening", server.place, topic, str(count), *how]
    process = subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment({}),
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("those who should listen could not connect")
        yield process
    finally:
        process.kill()
        process.wait()


def unlimited(database: Path) -> Command:
    """The server, which lets everybody of this machine in."""
    return portfolio(
        database,
        database.parent,
        SECRET_KEY=seeding.SECRET_KEY,
        PASSWORD_PEPPER=seeding.PEPPER,
        LIVE_PER_CLIENT="1000000",
        PUBLIC_URL=ORIGIN,
    )


def _ours(database: Path, token: str) -> Side:
    headers = {"Authorization": f"Bearer {token}"}

    def tell(connection: HTTPConnection, number: int) -> None:
        connection.request("DELETE" if number % 2 else "PUT", LIKE, headers=headers)

    return Side(unlimited(database), tell)


def _bare() -> Side:
    options = "--workers 1 --loop uvloop --http httptools --ws websockets-sansio --lifespan off"
    options += " --no-access-log --log-level warning"
    command = Command(
        "bare ASGI", ("-m", "uvicorn", "benchmarks.bare_live:app", *options.split()), {}
    )
    return Side(command, lambda connection, _: connection.request("POST", "/", TEXT))


async def _login(database: Path) -> str:
    """An access token of the first author."""
    async with services_on(database) as services, services.database.transaction() as db:
        author = await db.get_one(User, content.AUTHORS[0]["id"])
        return (await services.sessions.open(db, author)).access_token


def services_on(database: Path) -> Services:
    """As another process of the same host has them."""
    return build_services(
        Settings(
            server=ServerSettings(public_url=ORIGIN),
            database=DatabaseSettings(url=f"sqlite+aiosqlite:///{database}"),
            security=SecuritySettings(
                secret_key=SecretStr(seeding.SECRET_KEY), password_pepper=SecretStr(seeding.PEPPER)
            ),
            storage=StorageSettings(data_dir=database.parent),
        )
    )
