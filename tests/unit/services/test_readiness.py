import asyncio
from pathlib import Path

import pytest

from portfolio.adapters.storage import LocalStorage
from portfolio.core.errors import AppError, InsufficientStorageException, UnavailableException
from portfolio.services.readiness import REST, StorageProbe


class Counting(LocalStorage):
    """Notes how often it is asked, and is whatever it is told to be."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked = 0
        self.trouble: AppError | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def check(self) -> None:
        self.asked += 1
        await self.answers.wait()
        if self.trouble is not None:
            raise self.trouble


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def storage(tmp_path: Path) -> Counting:
    return Counting(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def probe(storage: Counting, clock: Clock) -> StorageProbe:
    return StorageProbe(storage, clock)


class TestStorageProbe:
    @pytest.mark.parametrize(
        ("trouble", "state"),
        [
            (None, "up"),
            (InsufficientStorageException(), "full"),
            (UnavailableException(), "unreachable"),
        ],
    )
    async def test_has_a_word_for_each_state(
        self, storage: Counting, probe: StorageProbe, trouble: AppError | None, state: str
    ) -> None:
        storage.trouble = trouble
        assert await probe.state() == state

    async def test_remembers_for_some_seconds(
        self, storage: Counting, probe: StorageProbe, clock: Clock
    ) -> None:
        for seconds, asked in ((0, 1), (REST - 1, 1), (REST, 2)):
            clock.now = seconds
            assert await probe.state() == "up"
            assert storage.asked == asked

    async def test_asks_once_for_many(self, storage: Counting, probe: StorageProbe) -> None:
        assert await asyncio.gather(*(probe.state() for _ in range(5))) == ["up"] * 5
        assert storage.asked == 1

    async def test_waits_for_nothing_that_hangs_and_asks_nothing_more_of_it(
        self,
        storage: Counting,
        probe: StorageProbe,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("portfolio.services.readiness.PATIENCE", 0.01)
        storage.answers.clear()
        for _ in range(3):
            assert await probe.state() == "unreachable"
            clock.now += REST
        assert storage.asked == 1
        storage.answers.set()
        assert await probe.state() == "up"
