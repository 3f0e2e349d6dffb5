import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from tests.databases import server_url

from portfolio.core.config import DatabaseSettings, Settings
from portfolio.core.errors import (
    AppError,
    ConflictException,
    InvalidInputException,
    NotFoundException,
    RetryableException,
    UnavailableException,
)
from portfolio.core.events import Changed, Event, EventBus, emit, touch
from portfolio.db.engine import create_engines
from portfolio.db.session import Database
from portfolio.models.taxonomy import Tag

POSTS = "/api/v1/posts"
unlucky: ContextVar[bool] = ContextVar("unlucky", default=False)


@dataclass(frozen=True, slots=True)
class TagMade(Event):
    slug: str


class Remembered(AppError):
    persists = True


class Deadlock(Exception):
    """As a driver tells it."""

    sqlstate = "40P01"


def busy() -> Exception:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = 5
    return error


@contextmanager
def failing_commits(database: Database, *errors: Exception) -> Iterator[list[Exception]]:
    """The driver fails the next commits with these; gives those that are still to come."""
    left = [*errors]
    dialect = database.engines.write.dialect
    commit = dialect.do_commit

    def do_commit(connection: Any) -> None:
        # The outbox worker commits too, in a task of its own.
        if left and unlucky.get():
            raise left.pop(0)
        commit(connection)

    token = unlucky.set(True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialect, "do_commit", do_commit)
        yield left
    unlucky.reset(token)


async def make_tag(db: AsyncSession, slug: str) -> None:
    db.add(Tag(slug=slug, name=slug))
    await db.flush()


async def write_and_fail(database: Database, error: BaseException) -> None:
    """A tag, the news of it, and the error."""
    async with database.transaction() as db:
        await make_tag(db, "a")
        emit(db, TagMade("a"))
        raise error


async def write(database: Database, *wanted: str) -> None:
    async with database.transaction() as db:
        for slug in wanted:
            await make_tag(db, slug)
            emit(db, TagMade(slug))


async def slugs(database: Database) -> list[str]:
    async with database.reading() as db:
        return list((await db.execute(select(Tag.slug).order_by(Tag.slug))).scalars())


class TestTransaction:
    async def test_commits_at_its_end(self, database: Database) -> None:
        async with database.transaction() as db:
            await make_tag(db, "a")
        assert await slugs(database) == ["a"]

    @pytest.mark.parametrize("error", [NotFoundException(), ValueError(), asyncio.CancelledError()])
    async def test_leaves_nothing_after_an_error(
        self, database: Database, error: BaseException
    ) -> None:
        with pytest.raises(type(error)):
            await write_and_fail(database, error)
        assert await slugs(database) == []

    async def test_commits_for_an_error_that_must_be_remembered(self, database: Database) -> None:
        with pytest.raises(Remembered):
            await write_and_fail(database, Remembered())
        assert await slugs(database) == ["a"]

    async def test_says_what_a_broken_constraint_means(self, database: Database) -> None:
        with pytest.raises(ConflictException):
            await write(database, "a", "a")
        assert await slugs(database) == []

    async def test_of_many_that_write_at_once_loses_none(self, database: Database) -> None:
        async def add(number: int) -> None:
            async with database.transaction() as db:
                await db.execute(select(Tag.id))  # who reads first must not lose the write
                await make_tag(db, f"tag-{number:02}")

        await asyncio.gather(*(add(number) for number in range(40)))
        assert await slugs(database) == [f"tag-{number:02}" for number in range(40)]


class TestEvents:
    @pytest.fixture
    def told(self) -> list[tuple[str, list[str]]]:
        """What a subscriber was told, and what it found in the database then."""
        return []

    @pytest.fixture
    def own(self, database: Database, told: list[tuple[str, list[str]]]) -> Database:
        """The database with a bus of our own."""
        bus = EventBus()

        async def listen(event: TagMade) -> None:
            told.append((event.slug, await slugs(database)))

        bus.subscribe(TagMade, listen)
        return Database(database.engines, bus)

    async def test_come_after_the_commit(
        self, own: Database, told: list[tuple[str, list[str]]]
    ) -> None:
        async with own.transaction() as db:
            await make_tag(db, "a")
            emit(db, TagMade("a"))
            assert told == []
        assert told == [("a", ["a"])]

    async def test_of_what_was_rolled_back_never_leave(
        self, own: Database, told: list[tuple[str, list[str]]]
    ) -> None:
        with pytest.raises(NotFoundException):
            await write_and_fail(own, NotFoundException())
        await write(own, "b")
        assert told == [("b", ["b"])]

    async def test_of_a_commit_that_failed_never_leave(
        self, own: Database, told: list[tuple[str, list[str]]]
    ) -> None:
        with failing_commits(own, RuntimeError()), pytest.raises(RuntimeError):
            await write(own, "a")
        await write(own, "b")
        assert told == [("b", ["b"])]

    async def test_come_with_an_error_that_must_be_remembered(
        self, own: Database, told: list[tuple[str, list[str]]]
    ) -> None:
        with pytest.raises(Remembered):
            await write_and_fail(own, Remembered())
        assert told == [("a", ["a"])]


@pytest.mark.skipif(
    server_url() is not None, reason="asyncpg fails the test for each connection cut off"
)
class TestCancellation:
    async def test_hides_no_change_that_was_committed(self, database: Database) -> None:
        bus, told = EventBus(), set[str]()

        async def listen(event: Changed) -> None:
            told.update(event.tags)

        async def write(slug: str) -> None:
            async with own.transaction() as db:
                await make_tag(db, slug)
                touch(db, [slug])

        bus.subscribe(Changed, listen)
        own = Database(database.engines, bus)
        for number in range(200):
            task = asyncio.create_task(write(f"t{number}"))
            await asyncio.sleep(number / 10_000)
            task.cancel()
            await asyncio.wait([task])
        kept = set(await slugs(database))
        assert kept
        assert kept <= told


class TestFailingCommit:
    @pytest.mark.parametrize(
        ("error", "status"), [(RuntimeError("gone"), 500), (ConnectionResetError(), 503)]
    )
    async def test_is_told_to_the_client_and_leaves_nothing(
        self, admin_client: AsyncClient, database: Database, error: Exception, status: int
    ) -> None:
        with failing_commits(database, error):
            response = await admin_client.post(POSTS, json={"title": "Lost"})
        assert response.status_code == status
        assert "Location" not in response.headers
        assert isinstance(response.json()["detail"], str)
        assert (await admin_client.get(f"{POSTS}?status=any")).json()["total"] == 0
        assert (await admin_client.post(POSTS, json={"title": "Kept"})).status_code == 201


class TestRetry:
    @pytest.mark.parametrize("cause", [Deadlock, busy])
    async def test_repeats_what_the_database_broke_off(
        self, admin_client: AsyncClient, database: Database, cause: type[Exception]
    ) -> None:
        twice = [DBAPIError(None, None, cause()) for _ in range(2)]
        with failing_commits(database, *twice) as left:
            response = await admin_client.post(POSTS, json={"title": "At last"})
        assert response.status_code == 201
        assert left == []
        assert (await admin_client.get(f"{POSTS}?status=any")).json()["total"] == 1

    @pytest.mark.parametrize("cause", [Deadlock, busy])
    async def test_gives_up_after_three_attempts(
        self, admin_client: AsyncClient, database: Database, cause: type[Exception]
    ) -> None:
        many = [DBAPIError(None, None, cause()) for _ in range(5)]
        with failing_commits(database, *many) as left:
            response = await admin_client.post(POSTS, json={"title": "Never"})
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert len(left) == 2
        assert (await admin_client.get(f"{POSTS}?status=any")).json()["total"] == 0

    async def test_is_asked_for_by_a_real_deadlock(self, database: Database) -> None:
        if database.engines.write.dialect.name == "sqlite":
            pytest.skip("writers stand in one line")
        await write(database, "a", "b")
        both_hold_one = asyncio.Barrier(2)

        async def rename(first: str, second: str) -> None:
            async with database.transaction() as db:
                for slug in (first, second):
                    tag = (await db.execute(select(Tag).where(Tag.slug == slug))).scalar_one()
                    tag.name = f"{first} was first"
                    await db.flush()
                    if slug == first:
                        await both_hold_one.wait()

        ended = await asyncio.gather(rename("a", "b"), rename("b", "a"), return_exceptions=True)
        assert [type(error) for error in ended if error] == [RetryableException]


class TestReading:
    async def test_cannot_write_on_the_embedded_database(self, database: Database) -> None:
        if database.engines.write.dialect.name != "sqlite":
            pytest.skip("a server's readers share its connections")
        async with database.reading() as db:
            with pytest.raises(DBAPIError, match="readonly"):
                await make_tag(db, "a")
        assert await slugs(database) == []

    async def test_goes_on_while_another_writes(self, database: Database) -> None:
        if database.engines.write.dialect.name == "mssql":
            pytest.skip("is up to READ_COMMITTED_SNAPSHOT of the database")
        async with database.transaction() as db:
            await make_tag(db, "a")
            assert await asyncio.wait_for(slugs(database), 5) == []

    async def test_says_when_there_is_no_database(self, tmp_path: Path) -> None:
        url = f"sqlite+aiosqlite:///{tmp_path}"  # a folder is no database
        engines = create_engines(Settings(database=DatabaseSettings(url=url)))
        with pytest.raises(UnavailableException):
            await Database(engines, EventBus()).check()
        await engines.dispose()


class TestMeaning:
    async def test_of_a_value_that_is_too_large_is_the_callers_fault(
        self, database: Database
    ) -> None:
        if database.engines.write.dialect.name == "sqlite":
            pytest.skip("SQLite keeps any length")
        with pytest.raises(InvalidInputException):
            await write(database, "a" * 500)
