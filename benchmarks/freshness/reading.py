"""`python -m benchmarks.freshness.reading BOARD URL…`: reads without pause until the run is over.

Prints what came of it as JSON.
"""

import asyncio
import json
import random
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import time_ns

from benchmarks.freshness.board import Board
from benchmarks.freshness.connection import LOST, Answer, Connection
from benchmarks.freshness.pages import BASE, DUE, PAGES, Page
from benchmarks.freshness.things import Span

CONNECTIONS = 6
REST = 0.006  # seconds between two reads of one connection, on average: the writers need a core too
# Some connections are kept for long, many are fresh.
LONGEST = 60
EXAMPLES = 5
OK, NOT_MODIFIED, MOVED, NOT_FOUND = 200, 304, 308, 404


@dataclass
class Tally:
    """`wrong`: answers that are older than they may be. `failed`: those that are none."""

    reads: int = 0
    hits: int = 0
    unchanged: int = 0
    wrong: int = 0
    failed: int = 0
    lost: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def example(self, sentence: str) -> None:
        if len(self.examples) < EXAMPLES:
            self.examples.append(sentence)


class Readers:
    def __init__(self, board: Board, urls: list[str]) -> None:
        self.tally = Tally()
        self._board = board
        self._urls = urls
        # By target and server: an answer that may be asked for only if it changed.
        self._kept: dict[tuple[str, str], tuple[str, bytes]] = {}

    async def run(self) -> None:
        await asyncio.gather(*(self._keep_reading() for _ in range(CONNECTIONS)))

    async def _keep_reading(self) -> None:
        while not self._board.is_over:
            url = random.choice(self._urls)
            try:
                async with Connection(url) as connection:
                    for _ in range(random.choice((1, 1, LONGEST))):
                        if self._board.is_over or not await self._read(connection, url):
                            break
                        await asyncio.sleep(random.expovariate(1 / REST))
            except LOST as error:
                self.tally.lost += 1
                self.tally.example(f"{url}: {error!r}")

    async def _read(self, connection: Connection, url: str) -> bool:
        """Whether the connection goes on."""
        page = self._choose()
        headers, kept = {}, self._kept.get((page.target, url))
        if kept and random.random() < 0.3:  # noqa: PLR2004 - a good part of them
            headers["If-None-Match"] = kept[0]
        if random.random() < 0.2:  # noqa: PLR2004 - same
            headers["Accept-Encoding"] = "gzip"
        acknowledged, start = self._board.acknowledged(), time_ns() // 1000
        answer = await connection.ask(BASE + page.target, headers)
        span = Span(acknowledged, self._board.begun(), start, time_ns() // 1000)
        self._judge(page, url, answer, kept, span)
        return answer.header(b"connection").lower() != b"close"

    def _choose(self) -> Page:
        if random.random() < 0.1:  # noqa: PLR2004 - the one that is about to come, or just came
            begun = self._board.begun()
            known = [page for page in DUE if begun[page.holds[0].place]]
            return known[-1] if known else DUE[0]
        return random.choice(PAGES)

    def _judge(
        self, page: Page, url: str, answer: Answer, kept: tuple[str, bytes] | None, span: Span
    ) -> None:
        tally = self.tally
        tally.reads += 1
        tally.hits += answer.header(b"x-cache") == b"hit"
        text = answer.body
        if answer.status == OK:
            etag = answer.header(b"etag").decode()
            if etag:
                self._kept[page.target, url] = etag, text
        elif answer.status == NOT_MODIFIED and kept:
            tally.unchanged += 1
            text = kept[1]
        elif answer.status == MOVED:
            text = answer.header(b"location")
        elif answer.status != NOT_FOUND or not page.may_be_absent:
            tally.failed += 1
            tally.example(f"{page.target}: {answer.status} {answer.body[:200]!r}")
            return
        if complaints := list(page.complaints(text, span)):
            tally.wrong += 1
            how = answer.header(b"x-cache").decode() or "no cache"
            tally.example(f"{url}{page.target} ({answer.status}, {how}): {'; '.join(complaints)}")


if __name__ == "__main__":
    readers = Readers(Board(Path(sys.argv[1])), sys.argv[2:])
    asyncio.run(readers.run())
    print(json.dumps(asdict(readers.tally)))
