"""Engines from a URL: the one place that knows three databases apart."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from portfolio.core.config import DatabaseSettings, Settings
from portfolio.core.environment import SettingsError
from portfolio.db import mssql, sqlite

_REPLICA_TIMEOUT = 5.0  # seconds for a statement, after which the primary is asked


@dataclass(frozen=True, slots=True)
class Engines:
    """`write` runs transactions; `read` is AUTOCOMMIT and on SQLite refuses to write.

    `replica` reads from a standby, if there is one (db/replica.py); `fence` is for the fence alone
    (db/fence.py), where several hosts share a server.
    """

    write: AsyncEngine
    read: AsyncEngine
    replica: AsyncEngine | None = None
    fence: AsyncEngine | None = None

    async def dispose(self) -> None:
        for more in (self.fence, self.replica):
            if more is not None:
                await more.dispose()
        await self.read.dispose()
        await self.write.dispose()


def create_engines(settings: Settings) -> Engines:
    """Raises SettingsError for a URL that names no database of ours or lacks its driver."""
    url = _parse(settings.database_url)
    replica = _replica_of(url, settings.database)
    make: Callable[..., AsyncEngine]
    match url.get_backend_name():
        case "sqlite":
            timeout = settings.database.pool_timeout
            return Engines(sqlite.create_writer(url, timeout), sqlite.create_reader(url, timeout))
        case "postgresql":
            make = _postgresql
        case _:
            make = mssql.create
    engine = make(url, settings.database)
    fence = None
    if settings.redis.url:
        # Answers that are ready must not wait for connections with those who make theirs.
        few = settings.database.model_copy(update={"pool_size": 1, "max_overflow": 1})
        fence = make(url, few, isolation_level="AUTOCOMMIT", pool_pre_ping=False)
    return Engines(engine, engine.execution_options(isolation_level="AUTOCOMMIT"), replica, fence)


def _replica_of(primary: URL, settings: DatabaseSettings) -> AsyncEngine | None:
    if settings.replica_url is None:
        return None
    if primary.get_backend_name() == "sqlite":
        raise SettingsError(
            ["DATABASE_REPLICA_URL: SQLite has no replicas; unset it, or set DATABASE_URL"]
        )
    try:
        url = make_url(settings.replica_url)
    except ArgumentError as error:
        raise SettingsError(["DATABASE_REPLICA_URL: not a database URL"]) from error
    if url.drivername != primary.drivername:
        raise SettingsError(
            [f"DATABASE_REPLICA_URL: must begin with {primary.drivername}:// like DATABASE_URL"]
        )
    # No ping: each read begins by asking how far the standby is (db/replica.py).
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_pre_ping": False}
    if url.get_backend_name() == "postgresql":
        options["connect_args"] = {
            "command_timeout": _REPLICA_TIMEOUT,
            "server_settings": {"default_transaction_read_only": "on"},
        }
        return _postgresql(url, settings, **options)
    return mssql.create(url, settings, **options)


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise SettingsError(["DATABASE_URL: not a database URL"]) from error
    schemes = ("sqlite+aiosqlite", "postgresql+asyncpg", "mssql+aioodbc")
    if url.drivername not in schemes:
        raise SettingsError(
            [f"DATABASE_URL: {url.drivername} is not supported; use {', '.join(schemes)}"]
        )
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise SettingsError(["DATABASE_URL: SQLite needs a file: sqlite+aiosqlite:////path/to.db"])
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").parent.is_dir():
        raise SettingsError([f"DATABASE_URL: there is no folder {Path(url.database or '').parent}"])
    return url


def _postgresql(url: URL, settings: DatabaseSettings, **options: Any) -> AsyncEngine:
    if importlib.util.find_spec("asyncpg") is None:
        raise SettingsError(
            ["DATABASE_URL: PostgreSQL needs asyncpg: pip install 'portfolio-backend[postgres]'"]
        )
    arguments = {"timeout": settings.pool_timeout, **options.pop("connect_args", {})}
    return create_async_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        pool_recycle=settings.pool_recycle,
        hide_parameters=True,
        connect_args=arguments,
        **{"pool_pre_ping": True, **options},
    )
