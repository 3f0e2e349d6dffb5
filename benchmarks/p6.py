"""P6: start to the first 200 of /health on an existing database, and memory after load."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks import content, seeding
from benchmarks.load import Plan, measure, say
from benchmarks.report import Row, Section, comparison, method
from benchmarks.servers import Command, portfolio, running, uvicorn

TARGET = 2
MEMORY = 150
POSTS = 1_000


def run(plan: Plan, folder: Path) -> Section:
    """The first start of each side is not counted: it may compile and make secrets."""
    ours, theirs = folder / "portfolio.db", folder / "bare.db"
    seeding.seed_portfolio(ours, content.posts(POSTS))
    seeding.seed_bare(theirs)
    sides = {
        portfolio(ours, folder): "/api/v1/posts?limit=20",
        uvicorn("bare app", "bare", theirs): "/tags",
    }
    _taken(sides, replace(plan, rounds=1, seconds=1, warm_up=0))
    (start, size), (bare_start, bare_size) = _taken(sides, plan)
    rows = [
        Row("start to first 200", start, bare_start, "s", "≤", TARGET),
        Row("memory after load", size, bare_size, "MB", "≤", TARGET),
        Row("memory, absolute", size, bare_size, "MB", "≤", MEMORY, "ours"),
    ]
    notes = [
        f"{POSTS:,} posts in SQLite, one worker; resident memory of the process and its children.",
        "The bare app has one table, one list and /health with `select 1`.",
    ]
    table = comparison(("portfolio", "bare app"), rows)
    return Section("P6", "start and memory", table, [*notes, method(plan)])


def _taken(sides: Mapping[Command, str], plan: Plan) -> list[tuple[float, float]]:
    """Median seconds to the first answer and median megabytes after load, for each side."""
    taken: dict[Command, list[tuple[float, float]]] = {command: [] for command in sides}
    for turn in range(1, plan.rounds + 1):
        for command, path in sides.items():
            with running(command) as server:
                measure(server.url + path, plan)
                taken[command].append((server.started_in, server.resident()))
                seconds, megabytes = taken[command][-1]
                say(f"  {turn}/{plan.rounds} {command.name}: {seconds:.2f} s, {megabytes:.0f} MB")
    return [(median(s for s, _ in found), median(m for _, m in found)) for found in taken.values()]
