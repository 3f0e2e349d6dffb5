"""freshness: nothing older than the last acknowledged write is ever answered, whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests import with_postgres
from tests.factories.redis import RedisServer, running_redis
from tests.factories.redis_relays import redis_relay
from tests.factories.servers import ADMIN, ADMIN_PASSWORD, Server, running_server

from benchmarks.freshness import troubles
from benchmarks.freshness.checker import Found, Site, check
from benchmarks.load import Plan, say
from benchmarks.report import Section, table
from benchmarks.servers import RAISED

HEAD = ("", "reads", "writes", "hits", "stale answers", "errors")
STALE = (
    "An answer is stale if it shows less than what had been acknowledged before it was asked for:"
    " texts, what is there and what is not, numbers of things, views."
)
QUIET = {"LOG_LEVEL": "warning"}


@dataclass(frozen=True)
class Scenario:
    """`loses`: connections break, for whoever serves them is killed."""

    name: str
    run: Callable[[Path, float], Coroutine[Any, Any, Found]]
    needs_postgres: bool = False
    loses: bool = False


def run(plan: Plan, folder: Path) -> Section:
    """Each scenario for `plan.seconds`."""
    rows, sound, notes = [list(HEAD)], True, []
    for number, scenario in enumerate(SCENARIOS):
        if scenario.needs_postgres and with_postgres.find_programs() is None:
            notes.append(f"Not run, for there is no PostgreSQL here: {scenario.name}.")
            continue
        found = asyncio.run(scenario.run(folder / str(number), plan.seconds))
        tally = found.tally
        say(f"  {scenario.name}: {found}")
        errors = tally.failed if scenario.loses else tally.failed + tally.lost
        figures = (tally.reads, found.writes, tally.hits, tally.wrong, errors)
        rows.append([scenario.name, *(f"{figure:,}" for figure in figures)])
        sound = sound and found.proves and not errors
        if scenario.loses:
            notes.append(f"{scenario.name}: {tally.lost} connections were lost with their worker.")
    notes += [
        f"Each ran for {plan.seconds} s. {STALE}",
        "What is scheduled has to be there from its microsecond on, and not before.",
        "Read over kept and fresh connections, plain and compressed; 304 stands for what it spares.",
    ]
    title = "no answer is older than the last acknowledged write"
    return Section("freshness", title, table(rows), notes, sound)


def site(*servers: Server) -> Site:
    """Written through the first one, read through all."""
    return Site(servers[0].url, [each.url for each in servers], ADMIN, ADMIN_PASSWORD)


async def _workers(folder: Path, seconds: float) -> Found:
    async with _server(folder, WORKERS="2") as server:
        return await check(site(server), folder, seconds)


async def _servers(folder: Path, seconds: float) -> Found:
    async with _two(folder) as (servers, _):
        return await check(site(*servers), folder, seconds)


async def _failing_redis(folder: Path, seconds: float) -> Found:
    async with _two(folder) as (servers, redis):
        trouble = partial(troubles.redis_fails, redis)
        return await check(site(*servers), folder, seconds, troubles.beside(trouble))


async def _partition(folder: Path, seconds: float) -> Found:
    with _postgres() as database:
        async with running_redis() as redis, redis_relay(redis) as relay:
            variables = {"DATABASE_URL": database}
            async with (
                _server(folder / "one", REDIS_URL=relay.url, **variables) as one,
                _server(folder / "other", REDIS_URL=redis.url, **variables) as other,
            ):
                trouble = troubles.beside(partial(troubles.redis_is_out_of_reach, relay))
                return await check(site(one, other), folder, seconds, trouble)


async def _dying_workers(folder: Path, seconds: float) -> Found:
    async with _server(folder, WORKERS="2") as server:
        trouble = partial(troubles.worker_dies, server)
        return await check(site(server), folder, seconds, troubles.beside(trouble))


async def _command_line(folder: Path, seconds: float) -> Found:
    async with _server(folder, WORKERS="2") as server:
        return await check(site(server), folder, seconds, troubles.imports(server))


SCENARIOS = [
    Scenario("two workers", _workers),
    Scenario("two servers, Redis, PostgreSQL", _servers, needs_postgres=True),
    Scenario("the same, Redis failing", _failing_redis, needs_postgres=True),
    Scenario("the same, Redis out of the writer's reach", _partition, needs_postgres=True),
    Scenario("two workers, killed one by one", _dying_workers, loses=True),
    Scenario("two workers, the command line writes", _command_line),
]


@asynccontextmanager
async def _server(folder: Path, **variables: str) -> AsyncIterator[Server]:
    async with running_server(folder / "server", **QUIET, **RAISED, **variables) as server:
        yield server


@asynccontextmanager
async def _two(folder: Path) -> AsyncIterator[tuple[list[Server], RedisServer]]:
    with _postgres() as database:
        async with running_redis() as redis:
            shared = {"DATABASE_URL": database, "REDIS_URL": redis.url}
            async with (
                _server(folder / "one", **shared) as one,
                _server(folder / "other", **shared) as other,
            ):
                yield [one, other], redis


@contextmanager
def _postgres() -> Iterator[str]:
    programs = with_postgres.find_programs()
    assert programs is not None
    with with_postgres.server(programs) as url:
        yield url
