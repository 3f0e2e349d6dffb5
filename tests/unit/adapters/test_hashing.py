"""Slow hashes, their own threads and the queue before them."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from portfolio.adapters.hashing import PasswordHashing
from portfolio.core.errors import InvalidInputException, TooManyRequestsException
from portfolio.core.security import PasswordHasher


class Blocked(PasswordHasher):
    """Works only after it was let go."""

    def __init__(self) -> None:
        super().__init__("p" * 32, 4)
        self.begun, self.go = threading.Event(), threading.Event()
        self.thread = self.hashed = ""

    def verify(self, password: str, hashed: str) -> bool:
        self.thread = threading.current_thread().name
        self.hashed = hashed
        self.begun.set()
        return self.go.wait(10) and super().verify(password, hashed)


@pytest.fixture
def blocked() -> Blocked:
    return Blocked()


@pytest.fixture
def narrow(blocked: Blocked) -> Iterator[PasswordHashing]:
    hashing = PasswordHashing(blocked, waiting=2)
    yield hashing
    blocked.go.set()
    hashing.close()


@pytest.fixture
def hashing() -> Iterator[PasswordHashing]:
    hashing = PasswordHashing(PasswordHasher("p" * 32, 4))
    yield hashing
    hashing.close()


class TestVerify:
    async def test_knows_the_right_password(self, hashing: PasswordHashing) -> None:
        hashed = await hashing.hash("a password")
        assert await hashing.verify("a password", hashed)
        assert not await hashing.verify("another one", hashed)

    async def test_works_as_hard_for_nobody(self, blocked: Blocked) -> None:
        hashing = PasswordHashing(blocked)
        asking = asyncio.create_task(hashing.verify("a password", None))
        await asyncio.to_thread(blocked.begun.wait)
        assert not asking.done()
        assert not blocked.needs_rehash(blocked.hashed)
        blocked.go.set()
        assert await asking is False
        hashing.close()

    async def test_leaves_the_event_loop_alone(
        self, narrow: PasswordHashing, blocked: Blocked
    ) -> None:
        asking = asyncio.create_task(narrow.verify("a password", None))
        await asyncio.to_thread(blocked.begun.wait)
        assert blocked.thread.startswith("hashing")
        blocked.go.set()
        await asking

    async def test_turns_away_whom_the_queue_does_not_hold(
        self, narrow: PasswordHashing, blocked: Blocked
    ) -> None:
        tasks = [asyncio.create_task(narrow.verify("a password", None)) for _ in range(50)]
        refused, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # How many work at once depends on the machine; two more wait.
        assert len(waiting) >= 3
        for task in refused:
            error = task.exception()
            assert isinstance(error, TooManyRequestsException)
            assert int(error.headers["Retry-After"]) > 0
        blocked.go.set()
        assert await asyncio.gather(*waiting) == [False] * len(waiting)

    async def test_has_room_again_after_a_burst(
        self, narrow: PasswordHashing, blocked: Blocked
    ) -> None:
        blocked.go.set()
        for _ in range(10):
            assert await narrow.verify("a password", None) is False

    async def test_has_room_again_after_callers_gave_up(
        self, narrow: PasswordHashing, blocked: Blocked
    ) -> None:
        tasks = [asyncio.create_task(narrow.verify("a password", None)) for _ in range(3)]
        await asyncio.to_thread(blocked.begun.wait)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        blocked.go.set()
        assert await narrow.verify("a password", None) is False


class TestHash:
    async def test_refuses_what_is_too_long(self, hashing: PasswordHashing) -> None:
        with pytest.raises(InvalidInputException):
            await hashing.hash("x" * 257)
