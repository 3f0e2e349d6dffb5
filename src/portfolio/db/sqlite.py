"""The embedded engine: readers that stay on the event loop, and one writer.

A statement takes microseconds; handing it to a thread, as aiosqlite does several times for each,
takes ten times as long, and much longer where the loop is busy. Readers never wait (WAL), so they
run inline. The writer waits in two places, and goes to a thread for just these: for the lock, if
another process has it, and for the disk, at the commit.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Self

from sqlalchemy import Connection, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_only

READERS = 8
BEGIN = "BEGIN IMMEDIATE"
BUSY_TIMEOUT_MS = 5_000
# A reader can meet a lock only while a crashed database is recovered; the loop must not wait long.
READER_BUSY_TIMEOUT_MS = 100


async def _at_once() -> None:
    """What SQLAlchemy awaits to know that it runs under an event loop."""


class _Cursor(sqlite3.Cursor):
    server_side = False

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        await_only(_at_once())
        super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Any, /) -> Self:
        await_only(_at_once())
        super().executemany(sql, parameters)
        return self

    async def _async_soft_close(self) -> None:
        """Rows are in memory or in the file: there is nothing to wait for."""


class _Connection(sqlite3.Connection):
    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """For whoever is not SQLAlchemy: plain, with nothing to await."""
        return super().cursor(sqlite3.Cursor).execute(sql, parameters)

    def cursor(self, factory: Any = None) -> Any:
        del factory
        return super().cursor(_Cursor)


class _Writer(_Connection):
    """Has a thread for what may take a while, so that the event loop waits for no lock and no disk."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._thread = ThreadPoolExecutor(1, "sqlite")

    def cursor(self, factory: Any = None) -> Any:
        del factory
        return sqlite3.Connection.cursor(self, _WritingCursor)

    def begin(self) -> None:
        """Raises sqlite3.OperationalError where others have the lock for too long."""
        try:
            self.execute(BEGIN)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            await_only(self._elsewhere(self._begin_patiently))

    def commit(self) -> None:
        if self.in_transaction:
            await_only(self._elsewhere(super().commit))

    def close(self) -> None:
        # A statement that was cut short keeps a closed connection alive, and with it the lock.
        self.rollback()
        super().close()
        self._thread.shutdown(wait=False)

    def _begin_patiently(self) -> None:
        self.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        try:
            self.execute(BEGIN)
        finally:
            self.execute("PRAGMA busy_timeout=0")

    async def _elsewhere(self, work: Callable[[], None]) -> None:
        """Also who is cancelled learns the end of it: before that nobody may use the connection."""
        done = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait([done])
            raise


class _WritingCursor(_Cursor):
    connection: _Writer

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        if sql is not BEGIN:
            return super().execute(sql, parameters)
        await_only(_at_once())
        self.connection.begin()
        return self


class Inline(SQLiteDialect_pysqlite):
    """sqlite3 in the thread of the event loop."""

    is_async = True
    supports_statement_cache = True
    connection_class: type[_Connection]

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        del url
        return AsyncAdaptedQueuePool

    def connect(self, *args: Any, **options: Any) -> Any:
        return sqlite3.connect(*args, factory=self.connection_class, **options)


class InlineReader(Inline):
    driver = "reader"
    supports_statement_cache = True
    connection_class = _Connection
    # Opens a connection outside of the pool.
    opener: Callable[[], sqlite3.Connection]
    _plain: sqlite3.Connection | None = None

    def plain(self) -> sqlite3.Connection:
        """One connection for all statements that are run at once, between two steps of the loop."""
        if self._plain is None:
            self._plain = self.opener()
        return self._plain

    def close_plain(self, *_engine: object) -> None:
        if self._plain is not None:
            self._plain.close()
            self._plain = None


class InlineWriter(Inline):
    driver = "writer"
    supports_statement_cache = True
    connection_class = _Writer


registry.register("sqlite.reader", __name__, "InlineReader")
registry.register("sqlite.writer", __name__, "InlineWriter")


def create_reader(url: URL, pool_timeout: float) -> AsyncEngine:
    """An engine whose connections are `query_only`: a write through it is refused."""
    engine = create_async_engine(
        url.set(drivername="sqlite+reader"),
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        pool_size=READERS,
        max_overflow=-1,
        pool_timeout=pool_timeout,
        pool_reset_on_return=None,
    )

    def prepare(connection: sqlite3.Connection, *_record: object) -> None:
        for pragma in (
            f"busy_timeout={READER_BUSY_TIMEOUT_MS}",
            "query_only=ON",
            "temp_store=MEMORY",
            "cache_size=-16000",
            "mmap_size=268435456",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def open_plain() -> sqlite3.Connection:
        arguments, options = dialect.create_connect_args(engine.url)
        connection: sqlite3.Connection = dialect.connect(*arguments, **options)
        connection.isolation_level = None
        prepare(connection)
        return connection

    dialect: InlineReader = engine.dialect  # type: ignore[assignment]  # that of its URL
    dialect.opener = open_plain
    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "engine_disposed", dialect.close_plain)
    return engine


def create_writer(url: URL, pool_timeout: float) -> AsyncEngine:
    """An engine with one connection whose transactions begin IMMEDIATE.

    `synchronous=FULL`: what was acknowledged survives a power failure.
    """
    engine = create_async_engine(
        url.set(drivername="sqlite+writer"),
        pool_size=1,
        max_overflow=0,
        # Writers stand in line for it as they would for the lock of the file.
        pool_timeout=max(pool_timeout, BUSY_TIMEOUT_MS / 1000),
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def _keep_private(_dialect: Any, _record: Any, arguments: Any, _options: Any) -> None:
        # Hashes and drafts are in it; SQLite gives its journal the same mode.
        with suppress(OSError):
            os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            # From here on only begin() waits.
            "busy_timeout=0",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(BEGIN)

    return engine
