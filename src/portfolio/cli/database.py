"""The schema of the database."""

import asyncio
from collections.abc import Awaitable, Callable

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from portfolio.core import environment
from portfolio.db import migrate
from portfolio.db.engine import create_engines

app = typer.Typer(help="Upgrade and downgrade the schema.", no_args_is_help=True)


def _run(action: Callable[[AsyncEngine, str], Awaitable[None]], revision: str) -> None:
    async def run() -> None:
        engines = create_engines(environment.load())
        await action(engines.write, revision)
        await engines.dispose()

    asyncio.run(run())


@app.command()
def upgrade(revision: str = "head") -> None:
    """Bring the schema to a revision; `serve` does it by itself."""
    _run(migrate.upgrade, revision)


@app.command()
def downgrade(revision: str) -> None:
    """Take the schema back to a revision; data that it has no place for is lost."""
    typer.confirm(f"Take the schema back to {revision}? Make a backup first.", abort=True)
    _run(migrate.downgrade, revision)
