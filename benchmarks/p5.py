"""P5: growth. The same pages of the same app with 1,000 and with 100,000 posts, one at a time."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import content, seeding
from benchmarks.load import Plan, fetch, say
from benchmarks.report import Row, Section, comparison, method
from benchmarks.servers import portfolio
from benchmarks.turns import Side, in_turn

TARGET = 1.5
FEW, MANY = 1_000, 100_000
LIMIT = 20
LIST = f"/api/v1/posts?limit={LIMIT}"


def run(plan: Plan, folder: Path) -> Section:
    """Latencies of single requests: what one reader waits for."""
    alone = replace(plan, connections=1, seconds=max(1, plan.seconds // 2), warm_up=1)
    sides = [_side(folder / "many", MANY), _side(folder / "few", FEW)]
    many, few = in_turn(sides, alone)
    rows = [Row(name, many[name].p50, few[name].p50, "ms", "≤", TARGET) for name in many]
    first, last = many["first page by cursor"].p50, many["last page by cursor"].p50
    rows.append(Row(f"last page against first, {MANY:,}", last, first, "ms", "≤", TARGET))
    notes = ["Median latencies of one connection; SQLite, one worker, response cache off."]
    table = comparison((f"{MANY:,} posts", f"{FEW:,} posts"), rows)
    return Section("P5", "growth", table, [*notes, method(alone)])


def _side(folder: Path, count: int) -> Side:
    say(f"  seeding {count:,} posts")
    folder.mkdir()
    database = folder / "portfolio.db"
    seeding.seed_portfolio(database, content.posts(count))
    command = replace(portfolio(database, folder), name=f"{count:,} posts")
    return Side(command, partial(_paths, count=count))


def _paths(url: str, count: int) -> Mapping[str, str]:
    first = _page(url, LIST)
    if first["total"] != count:
        raise ValueError(f"{first['total']} posts are listed, {count} were written")
    last = _after(url, LIST, first["pages"] - 1)
    if _page(url, last)["next_cursor"] is not None:
        raise ValueError("the last page names a next one")
    common, rare = (f"{LIST}&tag={tag['slug']}" for tag in (content.TAGS[0], content.RARE))
    if (found := _page(url, rare)["total"]) != content.RARELY:
        raise ValueError(f"{found} posts have the rare tag")
    pages = _page(url, common)["pages"]
    post = f"/api/v1/posts/{content.slug(count // 2)}"
    return {
        "first page with total": LIST,
        "first page by cursor": f"{LIST}&cursor={first['next_cursor']}",
        "last page by cursor": last,
        "by title, with total": f"{LIST}&sort=title",
        "a tag of a tenth, with total": common,
        "its last page by cursor": _after(url, common, pages - 1),
        "a tag of ten posts, with total": rare,
        "an author, with total": f"{LIST}&author={content.AUTHORS[0]['username']}",
        "the first year, with total": f"{LIST}&year={content.FIRST.year}",
        "all tags with their counts": "/api/v1/tags?limit=100",
        "one post": post,
        "what is related to it": f"{post}/related",
    }


def _after(url: str, path: str, number: int) -> str:
    """What follows a numbered page, by cursor."""
    return f"{path}&cursor={_page(url, f'{path}&page={number}')['next_cursor']}"


def _page(url: str, path: str) -> dict[str, Any]:
    page: dict[str, Any] = json.loads(fetch(url + path))
    return page
