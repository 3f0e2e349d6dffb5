"""Where the microseconds of one request go: the time in each layer, without sockets."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks import content, seeding
from benchmarks.inside import CALLS, SERVICE, STATEMENTS, WHOLE, WRITTEN
from benchmarks.load import Plan, say
from benchmarks.report import Section, table
from benchmarks.servers import environment, portfolio

POSTS = 1_000
LIST, ONE = "/api/v1/posts?limit=20", f"/api/v1/posts/{content.slug(POSTS // 2)}"
# Name, path, status, and whether the response cache is on.
CASES = (
    ("list of 20", LIST, "200", "false"),
    ("one post", ONE, "200", "false"),
    ("list, hit", LIST, "200", "true"),
    ("one post, hit", ONE, "200", "true"),
    ("304, hit", ONE, "304", "true"),
)
TIMEOUT = 300

Times = Mapping[str, float]


def run(_plan: Plan, folder: Path) -> Section:
    """Each case in a process of its own."""
    database = folder / "portfolio.db"
    seeding.seed_portfolio(database, content.posts(POSTS))
    taken: dict[str, Times] = {}
    for name, path, status, cached in CASES:
        taken[name] = _inside(database, folder, path, status, cached)
        say(f"  {name}: {taken[name][WHOLE]:.0f} µs")
    notes = [
        f"Microseconds, medians of {CALLS:,} requests one after the other; {POSTS:,} posts, SQLite.",
        "Every layer without those inside of it; the time that the timer takes is deducted.",
        "The requests are put to the application itself: uvicorn and sockets come on top of it.",
        "`hit`: from the response cache; in the other columns that is off.",
    ]
    return Section("profile", "where the microseconds of one request go", _table(taken), notes)


def _inside(database: Path, folder: Path, path: str, status: str, cached: str) -> Times:
    variables = portfolio(database, folder, CACHE_ENABLED=cached).environment
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.inside", path, status],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(variables),
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    found: Times = json.loads(done.stdout.splitlines()[-1])
    return found


def _table(taken: dict[str, Times]) -> str:
    """Layers from the outermost in; one that is not reached shows nothing."""
    # Those with the cache on name it, too.
    names = list(dict.fromkeys(name for times in reversed(taken.values()) for name in times))
    for last in (SERVICE, STATEMENTS, WRITTEN):
        names.append(names.pop(names.index(last)))
    names = [*names[1:], names[0]]
    lines = [[name, *(_cell(times.get(name, 0.0)) for times in taken.values())] for name in names]
    return table([["layer", *taken], *lines])


def _cell(microseconds: float) -> str:
    return f"{microseconds:.1f}" if microseconds else ""
