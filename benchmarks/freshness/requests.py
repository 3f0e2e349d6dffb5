"""Requests of somebody who may write, made again until they are answered."""

import asyncio
import json
from typing import Any

from benchmarks.freshness.connection import LOST, Answer, Connection
from benchmarks.freshness.pages import BASE

SUCCESSES = range(200, 300)
# Answers after which the same may succeed.
BUSY = {409, 500, 503}
LATER, MOST = 0.1, 100  # seconds between two attempts, and how many there are


class RefusedError(Exception):
    """A write was answered as it should not be, so the run means nothing."""


class Requests:
    """What is asked here may be done more than once: an answer that was lost leaves no trace."""

    def __init__(self, url: str) -> None:
        self.repeated = 0
        self._url = url
        self._headers = {"Content-Type": "application/json"}

    async def sign_in(self, identifier: str, password: str) -> None:
        answer = await self.ask("POST", "/auth/login", identifier=identifier, password=password)
        token = json.loads(answer.body)["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"

    async def ask(self, method: str, path: str, also: int = 0, **body: Any) -> Answer:
        """Success, or the status `also`. Raises RefusedError."""
        for _ in range(MOST):
            try:
                answer = await self.once(method, path, **body)
            except LOST:
                answer = None
            if answer and (answer.status in SUCCESSES or answer.status == also):
                return answer
            if answer and answer.status not in BUSY:
                break
            self.repeated += 1
            await asyncio.sleep(LATER)
        raise RefusedError(f"{method} {path}: {answer}")

    async def once(self, method: str, path: str, **body: Any) -> Answer:
        """Over a connection of its own: any worker may get it. Raises LOST."""
        async with Connection(self._url) as connection:
            sent = json.dumps(body).encode() if body else b""
            return await connection.ask(BASE + path, self._headers, method, sent)
