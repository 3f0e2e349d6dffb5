"""What no visitor can do to a running server: touch its database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Update

from portfolio.core.clock import utc_now
from portfolio.core.config import DatabaseSettings, Settings
from portfolio.db.engine import create_engines
from portfolio.models import Base
from portfolio.models.outbox import OutboxJob
from portfolio.models.sessions import UserSession


async def let_five_minutes_pass(database_url: str) -> None:
    """For sessions: since then nobody has proven again who sits there."""
    ago = utc_now() - timedelta(minutes=5, seconds=1)
    await _run(database_url, update(UserSession).values(authenticated_at=ago))


async def let_leases_run_out(database_url: str) -> None:
    """Of jobs whose worker is dead; nor does any other wait for its next attempt."""
    await _run(database_url, update(OutboxJob).values(available_at=utc_now()))


async def all_rows(database_url: str) -> str:
    """Everything that the database holds."""
    async with _connection(database_url) as connection:
        found: list[Any] = []
        for table in Base.metadata.sorted_tables:
            found += await connection.execute(select(table))
    return "\n".join(map(str, found))


async def _run(database_url: str, statement: Update) -> None:
    async with _connection(database_url) as connection:
        await connection.execute(statement)


@asynccontextmanager
async def _connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    engines = create_engines(Settings(database=DatabaseSettings(url=database_url)))
    async with engines.write.begin() as connection:
        yield connection
    await engines.dispose()
