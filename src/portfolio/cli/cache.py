"""The answers that running servers keep ready."""

import asyncio

import typer

from portfolio.adapters.cache import CacheAwayError
from portfolio.core import environment, logs
from portfolio.wiring import build_services

app = typer.Typer(help="What servers keep ready for readers.", no_args_is_help=True)


@app.command()
def purge() -> None:
    """Have every server make all its answers anew, as after a change in the database by hand."""
    chosen = environment.load()
    logs.configure(chosen.logging.model_copy(update={"level": "error"}))

    async def run() -> None:
        async with build_services(chosen) as services:
            await services.cache.purge()

    try:
        asyncio.run(run())
    except CacheAwayError as error:
        typer.echo("Redis does not answer, and nobody could be told; try again", err=True)
        raise typer.Exit(2) from error
    typer.echo("Purged.")
