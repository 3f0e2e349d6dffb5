"""Engines from a URL: the one place that knows three databases apart."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from portfolio.core.config import DatabaseSettings, Settings
from portfolio.core.environment import SettingsError
from portfolio.db import mssql, sqlite


@dataclass(frozen=True, slots=True)
class Engines:
    """`write` runs transactions; `read` is AUTOCOMMIT and on SQLite refuses to write."""

    write: AsyncEngine
    read: AsyncEngine

    async def dispose(self) -> None:
        await self.read.dispose()
        await self.write.dispose()


def create_engines(settings: Settings) -> Engines:
    """Raises SettingsError for a URL that names no database of ours or lacks its driver."""
    url = _parse(settings.database_url)
    match url.get_backend_name():
        case "sqlite":
            timeout = settings.database.pool_timeout
            return Engines(sqlite.create_writer(url, timeout), sqlite.create_reader(url, timeout))
        case "postgresql":
            engine = _postgresql(url, settings.database)
        case _:
            engine = mssql.create(url, settings.database)
    return Engines(engine, engine.execution_options(isolation_level="AUTOCOMMIT"))


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


def _postgresql(url: URL, settings: DatabaseSettings) -> AsyncEngine:
    if importlib.util.find_spec("asyncpg") is None:
        raise SettingsError(
            ["DATABASE_URL: PostgreSQL needs asyncpg: pip install 'portfolio-backend[postgres]'"]
        )
    return create_async_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        pool_recycle=settings.pool_recycle,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"timeout": settings.pool_timeout},
    )
