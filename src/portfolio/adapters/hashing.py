"""Slow hashes in threads of their own, so that a run on the login stops nobody else."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from portfolio.core.errors import TooManyRequestsException
from portfolio.core.security import PasswordHasher

T = TypeVar("T")
WAITING = 100
RETRY_AFTER = 5


class PasswordHashing:
    """PasswordHasher for the event loop: one thread for every two cores, a bounded queue.

    Every call raises TooManyRequestsException at once when the queue is full.
    """

    def __init__(self, hasher: PasswordHasher, waiting: int = WAITING) -> None:
        threads = max(1, (os.cpu_count() or 1) // 2)
        self.needs_rehash = hasher.needs_rehash
        self._hasher = hasher
        self._decoy = hasher.decoy()
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="hashing")
        self._room = threads + waiting

    async def hash(self, password: str) -> str:
        """Raises InvalidInputException for a password that is too long."""
        return await self._run(self._hasher.hash, password)

    async def verify(self, password: str, hashed: str | None) -> bool:
        """None, for an account that is not there, takes as long as a hash and is never right."""
        return await self._run(self._hasher.verify, password, hashed or self._decoy)

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._room <= 0:
            raise TooManyRequestsException(
                "Too many people are signing in; try again", retry_after=RETRY_AFTER
            )
        self._room -= 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, work, *arguments)
        finally:
            self._room += 1
