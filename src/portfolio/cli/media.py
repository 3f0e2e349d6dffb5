"""The files of media, as a whole."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from portfolio.adapters.storage import Kept, Storage, create_storage, open_storage
from portfolio.cli.batch import run_resumable
from portfolio.cli.renditions import render
from portfolio.core import environment, logs
from portfolio.core.config import Settings
from portfolio.core.config.storage import StorageAddress
from portfolio.db import migrate
from portfolio.services.media_check import Findings, MediaCheck
from portfolio.services.media_move import MediaMove, MovePlan
from portfolio.wiring import build_services
from portfolio.wiring.media_files import build_media_check

app = typer.Typer(help="The files of pictures and videos.", no_args_is_help=True)
app.command()(render)

MOST_LINES = 20


@app.command()
def move(
    to: Annotated[str, typer.Option(metavar="URL", help="Where to, as in STORAGE_URL")],
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete them here, once all of them are there")
    ] = False,
) -> None:
    """Copy all files from where STORAGE_URL says to another place.

    Run it again after an interruption or for what has come since: only what is missing is copied.
    """
    settings = _settings()
    target = _opened(to, settings)
    if run_resumable(_move(create_storage(settings), target, delete=delete)):
        raise typer.Exit(1)


@app.command()
def check(
    repair: Annotated[
        bool, typer.Option("--repair", help="Delete files without a row, forget lost variants")
    ] = False,
) -> None:
    """Look for files that no row names, and for rows whose files are not there."""
    if not asyncio.run(_check(_settings(), repair=repair)):
        raise typer.Exit(1)


def _settings() -> Settings:
    settings = environment.load()
    logs.configure(settings.logging)
    return settings


def _opened(url: str, settings: Settings) -> Storage:
    try:
        address = StorageAddress.parse(url)
        target = open_storage(address)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--to") from error
    here = settings.storage.address
    if (address.scheme, address.bucket, address.path) == (here.scheme, here.bucket, here.path):
        raise typer.BadParameter("they are there already", param_hint="--to")
    return target


async def _move(source: Storage, target: Storage, *, delete: bool) -> bool:
    """Whether something is left that could not be moved."""
    move = MediaMove(source, target)
    plan = await move.plan()
    damaged = await _copied(move, plan)
    for kept in damaged[:MOST_LINES]:
        typer.echo(f"damaged  {kept.key}: is not what it was when it was stored", err=True)
    copied = len(plan.pending) - len(damaged)
    typer.echo(f"{copied} copied, {len(plan.there)} were there already, {len(damaged)} damaged.")
    if delete and not damaged:
        moved = (await move.plan()).there
        await move.clear(moved)
        typer.echo(f"{len(moved)} deleted here.")
    return bool(damaged)


async def _copied(move: MediaMove, plan: MovePlan) -> list[Kept]:
    """Those that are damaged."""
    damaged = []
    with _progress(plan.pending) as bar:

        def done(kept: Kept, well: bool) -> None:
            if not well:
                damaged.append(kept)
            bar.advance(bar.task_ids[0], kept.bytes)

        await move.run(plan.pending, done)
    return damaged


@contextmanager
def _progress(pending: Sequence[Kept]) -> Iterator[Progress]:
    console = Console(stderr=True)
    columns = TextColumn("Copying"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    disabled = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disabled) as bar:
        bar.add_task("", total=sum(kept.bytes for kept in pending))
        yield bar


async def _check(settings: Settings, *, repair: bool) -> bool:
    """Whether all is well, or is so now."""
    async with build_services(settings) as services:
        await migrate.require_current(services.database.engines.read)
        media_check = build_media_check(services)
        found = await media_check.look()
        _report(found)
        if not repair:
            return not (found.unnamed or found.missing)
        return await _repaired(media_check, found)


def _report(found: Findings) -> None:
    typer.echo(
        f"{found.files} files; {len(found.unnamed)} without a row,"
        f" {len(found.missing)} named and not there."
    )
    lines = [f"without a row  {file.key} ({file.bytes} bytes)" for file in found.unnamed]
    lines += [
        f"not there      /media/{ref.key}, of {ref.kind} {ref.row_id}" for ref in found.missing
    ]
    for line in lines[:MOST_LINES]:
        typer.echo(line)
    if len(lines) > MOST_LINES:
        typer.echo(f"… and {len(lines) - MOST_LINES} more")


async def _repaired(media_check: MediaCheck, found: Findings) -> bool:
    done = await media_check.repair(found)
    lost = len(found.missing) - len(found.dispensable)
    typer.echo(f"{done.deleted} files deleted.")
    if done.forgotten:
        typer.echo(f"{done.forgotten} pictures lack variants: `portfolio media render` makes them.")
    if done.young:
        typer.echo(f"{done.young} files came within the last hour and stay: their rows may follow.")
    if lost:
        typer.echo(f"{lost} are lost: restore them from a backup, or delete what shows them.")
    return not lost
