"""Five wrong guesses lock; nobody is locked out by somebody else's.

A client that holds a device token has a counter of its own, so whoever guesses at an account locks
only clients that are unknown there (OWASP, "Device cookies"). Counters are kept by what was typed:
an identifier that belongs to nobody locks like any other.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.errors import (
    AccountLockedException,
    InvalidCredentialsException,
    RetryableException,
    TooManyRequestsException,
    UnavailableException,
)
from portfolio.core.security import digest
from portfolio.db.repositories.lockout import AttemptCounterRepository
from portfolio.db.session import Database
from portfolio.models.lockout import Rules
from portfolio.models.users import User

T = TypeVar("T")
LOGIN = Rules(limit=5, lock=timedelta(minutes=15), factor=2, cap=100)
LONGEST_RETRY = 86_400  # seconds
ROUNDS = 100
PAUSE = 0.05  # seconds
WAITING = 100
STRANGER = "unknown"


@dataclass(slots=True)
class Attempt:
    """One guess; `locked` tells afterwards whether it was the one too many."""

    key: str
    user_id: int | None = None
    locked: bool = False


class _Gate(asyncio.Lock):
    """One attempt at a time for each counter: the next one waits for what this one counts."""

    waiting = 0


class LockoutService:
    """Has transactions of its own: a guess is counted before it is looked at, and stays counted."""

    def __init__(self, database: Database, counters: AttemptCounterRepository) -> None:
        self._database = database
        self._counters = counters
        self._gates: WeakValueDictionary[str, _Gate] = WeakValueDictionary()

    @asynccontextmanager
    async def attempt(
        self, identifier: str, client: str | None = None, user_id: int | None = None
    ) -> AsyncIterator[Attempt]:
        """Around the look at a secret, which raises InvalidCredentialsException if it is wrong.

        `client` is the device of a known client, and `user_id` whose it is; None for any other.
        Raises AccountLockedException without a look. No transaction of the caller may have begun.
        """
        attempt = Attempt(_key(identifier, client or STRANGER), user_id)
        gate = self._gates.setdefault(attempt.key, _Gate())
        if gate.waiting >= WAITING:
            raise TooManyRequestsException("Too many attempts at once; try again", retry_after=5)
        gate.waiting += 1
        try:
            async with gate:
                await self._begin(attempt)
                try:
                    yield attempt
                except InvalidCredentialsException:
                    attempt.locked = await self._insistently(self._fail, attempt)
                    raise
                except BaseException:
                    await self._insistently(self._release, attempt)
                    raise
                await self._insistently(self._clear, attempt)
        finally:
            gate.waiting -= 1

    async def note_failure(self, identifier: str) -> None:
        """A wrong guess elsewhere counts for unknown clients too."""
        await self._insistently(self._fail, Attempt(_key(identifier, STRANGER)))

    async def unlock(self, db: AsyncSession, user: User) -> None:
        """Let everybody try again, known client or not, whatever they did."""
        keys = [_key(identifier, STRANGER) for identifier in (user.email, user.username)]
        for counter in await self._counters.hold_all(db, keys, user.id):
            counter.clear()

    async def locked(self, db: AsyncSession, identifiers: Collection[str]) -> set[str]:
        """Those of them for which unknown clients are refused now."""
        keys = {_key(identifier, STRANGER): identifier for identifier in identifiers}
        found = await self._counters.locked(db, keys.keys(), utc_now())
        return {keys[key] for key in found}

    async def _begin(self, attempt: Attempt) -> None:
        """Count the attempt as running. Other processes may hold what is left for a moment."""
        for _ in range(ROUNDS):
            if await self._insistently(self._reserve, attempt):
                return
            await asyncio.sleep(PAUSE)
        raise TooManyRequestsException("Too many attempts at once; try again", retry_after=5)

    async def _reserve(self, db: AsyncSession, attempt: Attempt) -> bool:
        now = utc_now()
        counter = await self._counters.hold(db, attempt.key, attempt.user_id)
        seconds = counter.locked_for(now)
        if seconds is not None:
            raise AccountLockedException(retry_after=min(seconds, LONGEST_RETRY))
        return counter.begin(now, LOGIN)

    async def _fail(self, db: AsyncSession, attempt: Attempt) -> bool:
        return (await self._counters.hold(db, attempt.key)).fail(utc_now(), LOGIN)

    async def _release(self, db: AsyncSession, attempt: Attempt) -> None:
        (await self._counters.hold(db, attempt.key)).release()

    async def _clear(self, db: AsyncSession, attempt: Attempt) -> None:
        counter = await self._counters.hold(db, attempt.key)
        counter.release()
        counter.clear()

    async def _insistently(
        self, work: Callable[[AsyncSession, Attempt], Awaitable[T]], attempt: Attempt
    ) -> T:
        for _ in range(ROUNDS):
            try:
                async with self._database.transaction() as db:
                    return await work(db, attempt)
            except RetryableException:
                await asyncio.sleep(PAUSE)
        raise UnavailableException


def _key(identifier: str, client: str) -> str:
    return digest(f"login\0{identifier}\0{client}")
