"""P2: list and detail with the response cache off, against the tutorial-style yardstick."""

import json
from functools import partial
from pathlib import Path

from benchmarks import content, seeding
from benchmarks.load import Plan, fetch, say
from benchmarks.report import Row, Section, comparison, method
from benchmarks.servers import RAISED, portfolio, running, uvicorn
from benchmarks.turns import Side, in_turn

TARGET = 8
POSTS = 1_000
LIMIT = 20
BODY = 2_500


def run(plan: Plan, folder: Path) -> Section:
    """Both sides hold the same posts and answer with their authors, tags and covers."""
    ours, theirs = folder / "portfolio.db", folder / "yardstick.db"
    say(f"  {POSTS:,} posts for each side")
    seeding.seed_portfolio(ours, content.posts(POSTS))
    seeding.seed_yardstick(theirs, content.posts(POSTS))
    sides = [
        Side(portfolio(ours, folder), partial(_paths, prefix="/api/v1")),
        Side(uvicorn("yardstick", "yardstick", theirs), partial(_paths, prefix="")),
    ]
    sizes = [_same_work(side) for side in sides]
    fast, slow = in_turn(sides, plan)
    rows = [Row(name, fast[name].rate, slow[name].rate, "req/s", "≥", TARGET) for name in fast]
    notes = [
        f"{POSTS:,} posts with author, tags and cover; SQLite, one worker, response cache off.",
        f"Limits raised out of reach: {', '.join(RAISED) or 'none'}.",
        *(
            f"Bytes of {name}: {sizes[0][name]:,} and {sizes[1][name]:,}; median latency "
            f"{fast[name].p50:.1f} and {slow[name].p50:.1f} ms."
            for name in fast
        ),
    ]
    table = comparison(("portfolio", "yardstick"), rows)
    return Section("P2", "reads without the cache", table, [*notes, method(plan)])


def _paths(_url: str, prefix: str) -> dict[str, str]:
    return {
        "list of 20": f"{prefix}/posts?limit={LIMIT}",
        "one post": f"{prefix}/posts/{content.slug(POSTS // 2)}",
    }


def _same_work(side: Side) -> dict[str, int]:
    """The sizes of the answers. Raises ValueError if a side leaves out part of the work."""
    with running(side.command) as server:
        bodies = {name: fetch(server.url + path) for name, path in side.paths(server.url).items()}
    listed, one = (json.loads(body) for body in bodies.values())
    whole = listed["total"] == POSTS and len(listed["items"]) == LIMIT
    related = all(
        post["author"]["username"]
        and len(post["tags"]) == content.TAGS_PER_POST
        and (post.get("cover") or post["images"])
        for post in [one, *listed["items"]]
    )
    if not (whole and related and len(one["html"]) > BODY):
        raise ValueError(f"{side.command.name} does not answer with the whole content")
    return {name: len(body) for name, body in bodies.items()}
