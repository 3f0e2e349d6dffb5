"""What is made of pictures that are here already."""

import typer

from portfolio.cli.batch import alone, progress, run_resumable
from portfolio.core import environment, logs
from portfolio.core.concurrently import for_each
from portfolio.core.config import Settings
from portfolio.core.errors import RetryableException
from portfolio.db import migrate
from portfolio.services.picture_files import REFUSALS, StoredPicture, reason_of
from portfolio.wiring import Services, build_services

CHANGED = "was changed at the same time; run this once more"


def render() -> None:
    """Make the variants of all pictures that have none, such as those of imports.

    Run it again after an interruption: only what is missing is made.
    """
    settings = environment.load()
    logs.configure(settings.logging)
    if run_resumable(_render(alone(settings))):
        raise typer.Exit(1)


async def _render(settings: Settings) -> dict[str, str]:
    """Why some could not be, by their keys."""
    async with build_services(settings) as services:
        await migrate.require_current(services.database.engines.read)
        made, failures = await _rendered(services)
    variants = sum(len(picture.variants or []) for picture in made.values())
    renewed = sum(picture.file.key != key for key, picture in made.items())
    typer.echo(
        f"{len(made)} pictures rendered, with {variants} variants;"
        f" {renewed} were encoded anew, without metadata."
    )
    for key, reason in failures.items():
        typer.echo(f"failed   /media/{key}: {reason}", err=True)
    return failures


async def _rendered(services: Services) -> tuple[dict[str, StoredPicture], dict[str, str]]:
    made: dict[str, StoredPicture] = {}
    failures: dict[str, str] = {}
    keys = await services.picture_renderer.unrendered()
    with progress("Rendering", len(keys)) as step:

        async def one(key: str) -> None:
            try:
                picture = await services.picture_renderer.render(key)
            except REFUSALS as error:
                failures[key] = reason_of(error)
            except RetryableException:
                failures[key] = CHANGED
            else:
                if picture is not None:
                    made[key] = picture
            step()

        await for_each(keys, one, services.picture_files.at_once)
    return made, failures
