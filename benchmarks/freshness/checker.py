"""Writes through one server, reads through all, and compares."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.freshness.board import Board
from benchmarks.freshness.reading import Tally
from benchmarks.freshness.requests import Requests
from benchmarks.freshness.writing import Writers
from benchmarks.servers import ROOT, environment

PROCESSES = 2
STARTING = 2.0  # seconds of reading before the first write, at most

Writing = Callable[[Writers, float], Awaitable[object]]


@dataclass(frozen=True)
class Site:
    """One site: the server that takes the writes, those that are read, and its first admin."""

    writes: str
    reads: Sequence[str]
    identifier: str
    password: str


@dataclass(frozen=True)
class Found:
    """`repeated`: writes that had to be sent again before they were acknowledged."""

    tally: Tally
    writes: int
    repeated: int

    @property
    def proves(self) -> bool:
        """Nothing was stale, and it could have been: some answers came from the cache."""
        return self.tally.hits > 0 and self.tally.wrong == 0


async def check(site: Site, folder: Path, seconds: float, write: Writing = Writers.run) -> Found:
    """Read and write for so long. `folder` is for the checker alone."""
    board = Board(folder / "board")
    requests = Requests(site.writes)
    writers = Writers(board, requests)
    await requests.sign_in(site.identifier, site.password)
    await writers.prepare()
    async with asyncio.TaskGroup() as group:
        reading = [group.create_task(_read(folder / "board", site.reads)) for _ in range(PROCESSES)]
        try:
            await write(writers, seconds)
        finally:
            board.end()
    tally = Tally()
    for task in reading:
        tally.add(task.result())
    return Found(tally, writers.writes, requests.repeated)


async def _read(board: Path, urls: Sequence[str]) -> Tally:
    """In a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.freshness.reading", str(board), *urls),
        env=environment({}),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return Tally(**json.loads(said))
