"""Sessions, and transaction(): the only commit in the code base."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from portfolio.core.errors import AppError
from portfolio.core.events import EventBus, take, take_changes
from portfolio.db import changes as _listens_to_every_session  # noqa: F401 - by being imported
from portfolio.db.engine import Engines
from portfolio.db.failures import meaning, translated
from portfolio.db.replica import Replica


class Database:
    """Opens sessions. They take a connection with their first statement, not before."""

    def __init__(self, engines: Engines, bus: EventBus, replica: Replica | None = None) -> None:
        self.engines = engines
        self.replica = replica
        self._bus = bus
        self._write = async_sessionmaker(engines.write, expire_on_commit=False)
        self._read = async_sessionmaker(engines.read, expire_on_commit=False)
        self._last: list[Callable[[AsyncSession], Awaitable[None]]] = []

    def before_commit(self, work: Callable[[AsyncSession], Awaitable[None]]) -> None:
        """Have this done at the end of each transaction, as a part of it."""
        self._last.append(work)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commit at the end; roll back on any error but those that say `persists`.

        Events are delivered after the commit. Raises RetryableException when the whole should be
        run again, ConflictException for a broken constraint, UnavailableException for a database
        that is away.
        """
        with translated():
            async with self._write() as db:
                try:
                    yield db
                except AppError as error:
                    if not error.persists:
                        raise
                    await self._commit(db)
                    events = take(db)
                    await self._bus.deliver(events)
                    raise
                await self._commit(db)
                events = take(db)
        await self._bus.deliver(events)

    def reading(self, *, public: bool = False) -> AbstractAsyncContextManager[AsyncSession]:
        """A session for statements that change nothing. Raises UnavailableException.

        One for what is `public` alone may lead to the replica, if there is one: it then misses
        nothing that a Changed event told of, and raises RetryableException once the replica fails.
        """
        reading = Reading(self._read())
        return self.replica.reading(reading) if public and self.replica is not None else reading

    async def _commit(self, db: AsyncSession) -> None:
        for work in self._last:
            await work(db)
        await db.flush()
        try:
            await db.commit()
        except BaseException:
            # SQLite leaves the transaction open, and SQLAlchemy takes it for ended: the next one to
            # get this connection could not begin.
            await db.invalidate()
            raise
        finally:
            # At once, for whoever is cancelled later has committed nevertheless; and in any case,
            # for who knows what has become of a commit that failed.
            await self._bus.deliver(take_changes(db))

    async def check(self) -> None:
        """Raises UnavailableException when the database does not answer."""
        async with self.reading() as db:
            await db.execute(text("SELECT 1"))


class Reading:
    """`async with` for a read session; written out, since every public request passes it."""

    __slots__ = ("_db",)

    def __init__(self, db: AsyncSession) -> None:
        self._db = db

    async def __aenter__(self) -> AsyncSession:
        return self._db

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self._db.in_transaction():
            await self._db.close()
        meant = meaning(error) if error is not None else None
        if meant is not None:
            raise meant from error
