"""The database that the suite runs on: a file of its own, or a server by TEST_DATABASE_URL."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import MetaData, delete, event, text, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from portfolio.core.config import DatabaseSettings, Settings
from portfolio.db.engine import create_engines
from portfolio.db.session import Database
from portfolio.models import Base
from portfolio.models.listings import PublicationTally

GUARDED = "audit_entries", "audit_seals"
WRITTEN = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) \"?\[?(\w+)")


def server_url() -> URL | None:
    given = os.environ.get("TEST_DATABASE_URL")
    return make_url(given) if given else None


def database_url(folder: Path) -> str:
    """An empty database for this process."""
    url = server_url()
    if url is None:
        return f"sqlite+aiosqlite:///{folder / 'test.db'}"
    if url.get_backend_name() != "sqlite" and _workers() > 1:
        name = f"{url.database}_{os.environ['PYTEST_XDIST_WORKER']}"
        asyncio.run(_create(url, name))
        url = url.set(database=name)
    asyncio.run(_empty(url))
    return url.render_as_string(hide_password=False)


@cache
def can_create_databases() -> bool:
    url = server_url()
    if url is None or url.get_backend_name() == "sqlite":
        return False
    name = f"{url.database}_probe_{os.getpid()}"
    try:
        asyncio.run(_create(url, name))
        asyncio.run(_drop(url, name))
    except DBAPIError:
        return False
    return True


@contextmanager
def scratch_database(folder: Path) -> Iterator[str]:
    """One more empty database, gone afterwards. Skips where the server lets us make none."""
    url = server_url()
    if url is None or url.get_backend_name() == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'scratch.db'}"
        return
    if not can_create_databases():
        pytest.skip("the server lets us make no database")
    name = f"{url.database}_scratch_{os.getpid()}"
    asyncio.run(_create(url, name))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(_drop(url, name))


def _workers() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def _engine(url: URL) -> AsyncEngine:
    rendered = url.render_as_string(hide_password=False)
    return create_engines(Settings(database=DatabaseSettings(url=rendered))).write


async def _create(url: URL, name: str) -> None:
    await _run(url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")


async def _drop(url: URL, name: str) -> None:
    await _run(url, f"DROP DATABASE {name}")


async def _run(url: URL, *statements: str) -> None:
    engine = _engine(url).execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def _empty(url: URL) -> None:
    engine = _engine(url)
    leftovers = MetaData()
    async with engine.begin() as connection:
        await connection.run_sync(leftovers.reflect)
        await connection.run_sync(leftovers.drop_all)
    await engine.dispose()


@asynccontextmanager
async def unguarded(db: AsyncSession, tables: Collection[str] = GUARDED) -> AsyncIterator[None]:
    """Triggers of these tables are off until the end of this transaction's work."""
    kind = db.get_bind().dialect.name
    if kind == "sqlite":
        query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t")
        found = [row for name in tables for row in await db.execute(query, {"t": name})]
        off = [f"DROP TRIGGER {row.name}" for row in found]
        on = [row.sql for row in found]
    else:
        change = {"postgresql": "ALTER TABLE {1} {0} TRIGGER USER"}.get(
            kind, "{0} TRIGGER ALL ON {1}"
        )
        off = [change.format("DISABLE", name) for name in tables]
        on = [change.format("ENABLE", name) for name in tables]
    for statement in off:
        await db.execute(text(statement))
    yield
    for statement in on:
        await db.execute(text(statement))


class Sweeper:
    """Notes which tables a test writes to, and empties just those."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written: set[str] = set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        engine = self._database.engines.write.sync_engine

        def note(*arguments: object) -> None:
            match = WRITTEN.match(str(arguments[2]))
            if match:
                self._written.add(match[1])

        event.listen(engine, "after_cursor_execute", note)
        try:
            yield
        finally:
            event.remove(engine, "after_cursor_execute", note)

    async def sweep(self) -> None:
        guarded = GUARDED if self._written.intersection(GUARDED) else ()
        # Another process of a test may have sealed what this one wrote.
        self._written.update(guarded)
        async with self._database.transaction() as db, unguarded(db, guarded):
            for table in reversed(Base.metadata.sorted_tables):
                if table is PublicationTally.__table__:
                    await db.execute(update(PublicationTally).values(published=0))
                elif table.name in self._written:
                    await db.execute(delete(table))
