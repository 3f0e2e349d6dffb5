"""S74: memory of a server while 500 WebSockets read nothing of all that is sent to them."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, sleep

from benchmarks import content, seeding
from benchmarks.load import Plan, fetch, say
from benchmarks.p8 import listening, services_on, unlimited
from benchmarks.report import Section, table
from benchmarks.servers import MEGABYTE, running
from portfolio.models.live import LiveType

READERS, EVENTS, BYTES = 500, 2_000, 4_000
# By its id, as events have it.
TOPIC = "posts:1"
MOST = 150 * 1024 * 1024 / MEGABYTE
WATCHED = 30  # seconds, of which telling takes the first


def run(plan: Plan, folder: Path) -> Section:
    """Events come from the command line, as fast as they are committed."""
    del plan
    database = folder / "portfolio.db"
    seeding.seed_portfolio(database, content.posts(10))
    with running(unlimited(database)) as server:
        server.settle()
        before = server.resident()
        with listening(server, TOPIC, READERS, "stall"):
            opened = server.resident()
            highest = opened
            with ThreadPoolExecutor(1) as pool:
                telling = pool.submit(asyncio.run, _tell(database))
                until = perf_counter() + WATCHED
                while perf_counter() < until or not telling.done():
                    highest = max(highest, server.resident())
                    sleep(0.05)
                telling.result()
            after = server.resident()
            left = _open_at(server.url)
    growth = highest - before
    say(f"  {before:.0f} MB, {opened:.0f} with {READERS} open, {highest:.0f} at most")
    cells = [
        ["", "MB, or number"],
        ["before", f"{before:.0f}"],
        [f"{READERS} open", f"{opened:.0f}"],
        ["highest, while they stall", f"{highest:.0f}"],
        ["in the end", f"{after:.0f}"],
        ["growth", f"{growth:.0f}"],
        ["still open then, of them", f"{left:.0f}"],
    ]
    notes = [
        (
            f"{EVENTS} events of {BYTES:,} bytes to {READERS} WebSockets that take nothing; "
            f"wanted: less than {MOST:.0f} MB more."
        ),
        "One worker, SQLite; resident memory of the process.",
    ]
    return Section(
        "S74", "readers that stall", table(cells), notes, sound=growth < MOST and not left
    )


def _open_at(url: str) -> float:
    found = re.search(r'live_connections{kind="websocket"} (\S+)', fetch(f"{url}/metrics").decode())
    return float(found[1]) if found else 0.0


async def _tell(database: Path) -> None:
    async with services_on(database) as services:
        for number in range(EVENTS):
            async with services.database.transaction() as db:
                data = {"number": number, "html": "x" * BYTES}
                await services.live.tell(db, TOPIC, LiveType.COMMENT_CREATED, data)
