"""Runs the one linear history: online in one locked transaction, offline as SQL."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from portfolio.core import environment
from portfolio.db.engine import create_engines
from portfolio.models import Base

LOCKS = {
    "postgresql": "SELECT pg_advisory_xact_lock(7305501)",
    "mssql": (
        "EXEC sp_getapplock @Resource = 'portfolio-migrations', @LockMode = 'Exclusive', "
        "@LockOwner = 'Transaction', @LockTimeout = 600000"
    ),
}


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        # On SQLite the transaction itself began IMMEDIATE, which keeps others out as well.
        lock = LOCKS.get(connection.dialect.name)
        if lock:
            connection.execute(text(lock))
        context.run_migrations()


async def migrate_online() -> None:
    engines = create_engines(environment.load())
    async with engines.write.begin() as connection:
        await connection.run_sync(migrate)
    await engines.dispose()


if context.is_offline_mode():
    url = make_url(environment.load().database_url)
    context.configure(
        dialect_name=url.get_backend_name(),
        target_metadata=Base.metadata,
        literal_binds=True,
        # NVARCHAR(max) instead of NTEXT, which SQL Server has deprecated.
        dialect_opts={"deprecate_large_types": True} if url.get_backend_name() == "mssql" else {},
    )
    with context.begin_transaction():
        context.run_migrations()
elif "connection" in context.config.attributes:
    migrate(context.config.attributes["connection"])
else:
    asyncio.run(migrate_online())
