"""The writers: each has a thing of its own, and the board hears of a write before and after it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import time_ns

from benchmarks.freshness import things
from benchmarks.freshness.board import Board
from benchmarks.freshness.requests import Requests
from benchmarks.freshness.things import Thing
from benchmarks.freshness.works import Works

REST = 0.3  # seconds between two writes of one thing, on average
AT_ONCE = 4
SECOND = 1_000_000
AHEAD = SECOND // 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Write = Callable[[int], Awaitable[object]]


class Writers:
    def __init__(self, board: Board, requests: Requests) -> None:
        self.writes = 0
        self._board = board
        self._works = Works(requests)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._is_over = False

    async def prepare(self) -> None:
        """The first write of everything, so that one can refer to the other."""
        await self._works.prepare()
        for thing, write in self._works.all():
            await self.write(1, write, thing)

    async def run(self, seconds: float) -> None:
        """Write for so long, and end with the last answer."""
        async with asyncio.TaskGroup() as group:
            for thing, write in self._works.all():
                group.create_task(self._keep_writing(thing, write))
            group.create_task(self._schedule(seconds))
            group.create_task(self._send_beacons())
            await asyncio.sleep(seconds)
            self._is_over = True

    async def write(self, number: int, write: Write, *owned: Thing) -> None:
        """The n-th write of these, unless it is too late; the board hears of both its ends."""
        async with self._places:
            if self._is_over:
                return
            for thing in owned:
                self._board.begin(thing, number)
            await write(number)
            for thing in owned:
                self._board.acknowledge(thing, number)
        self.writes += 1

    async def _keep_writing(self, thing: Thing, write: Write) -> None:
        number = 1
        while not self._is_over:
            await asyncio.sleep(random.expovariate(1 / REST))
            number += 1
            await self.write(number, write, thing)

    async def _schedule(self, seconds: float) -> None:
        """Posts that become public one after the other, at any fraction of a second."""
        pause = seconds / len(things.DUE)
        for thing in things.DUE:
            if self._is_over:
                return
            moment = time_ns() // 1000 + AHEAD + int(random.random() * pause * SECOND)
            self._board.begin(thing, moment)
            await self._works.schedule(thing.name, EPOCH + timedelta(microseconds=moment))
            self._board.acknowledge(thing, moment)
            self.writes += 1
            await asyncio.sleep(pause)

    async def _send_beacons(self) -> None:
        """Each counts once; one that got no answer may have counted."""
        views, sent, counted = things.VIEWS[0], 0, 0
        while not self._is_over:
            sent += 1
            self._board.begin(views, sent)
            if await self._works.is_beacon_counted():
                counted += 1
                self._board.acknowledge(views, counted)
                self.writes += 1
            await asyncio.sleep(random.expovariate(1 / REST))
