"""Brings the schema to what this version of the code needs."""

import importlib
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from portfolio.core.environment import SettingsError
from portfolio.db.failures import translated

HEAD = "0013"


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Run what is missing, once, however many processes start together.

    Raises SettingsError when the database belongs to a newer version, UnavailableException when
    it cannot be reached.
    """
    with translated():
        async with engine.connect() as connection:
            if revision == "head" and await connection.run_sync(_is_current):
                return
        async with engine.begin() as connection:
            await connection.run_sync(_run, "upgrade", revision)


async def require_current(engine: AsyncEngine) -> None:
    """Raises SettingsError unless the schema is what this version needs; changes nothing."""
    async with engine.connect() as connection:
        if not await connection.run_sync(_is_current):
            raise SettingsError(["DATABASE_URL: not set up yet; `portfolio db upgrade` does that"])


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    with translated():
        async with engine.begin() as connection:
            await connection.run_sync(_run, "downgrade", revision)


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def configured(connection: Connection) -> Any:
    """Alembic's Config for a history that runs on this connection."""
    config = importlib.import_module("alembic.config").Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _run(connection: Connection, verb: Literal["upgrade", "downgrade"], revision: str) -> None:
    # Only when there is something to do: a start should not wait for Alembic to be loaded.
    alembic = importlib.import_module("alembic.command")
    try:
        getattr(alembic, verb)(configured(connection), revision)
    except alembic.util.CommandError as error:
        raise SettingsError(
            [f"DATABASE_URL: this database was made by a newer version ({error}); upgrade first"]
        ) from error
