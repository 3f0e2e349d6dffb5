"""Content from elsewhere."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from portfolio.cli.batch import alone, progress, run_resumable
from portfolio.cli.reports import show
from portfolio.core import environment, logs
from portfolio.core.config import Settings
from portfolio.db import migrate
from portfolio.importers.kinds import Kind
from portfolio.importers.plan import Options
from portfolio.importers.report import Report
from portfolio.wiring import Services, build_services
from portfolio.wiring.importing import build_importer
from portfolio.wiring.preparation import prepare

app = typer.Typer(help="Bring content in from elsewhere.", no_args_is_help=True)


@app.callback()
def imports() -> None:
    """Keeps `markdown` a word of its own while it is the only one."""


@app.command()
def markdown(
    path: Annotated[
        Path,
        typer.Argument(exists=True, readable=True, help="A site, its content, a folder or a file"),
    ],
    kind: Annotated[
        Kind | None, typer.Option("--as", help="What all of it is, if the folders do not tell")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report; write nothing")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also what was edited here since the last import")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report for machines")] = False,
) -> None:
    """Import Markdown with front matter, as Zola, Hugo, Jekyll, Gatsby, Astro and others keep it.

    Run it again after any change or interruption: only what changed is written.
    """
    settings = environment.load()
    logs.configure(settings.logging)
    report = Report(path, dry_run)
    options = Options(kind, dry_run, overwrite)
    try:
        run_resumable(_import(alone(settings), options, report))
    finally:
        if report.outcomes:
            _print(report, as_json=as_json)
    if report.has_failed:
        raise typer.Exit(1)


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        show(report, Console())


async def _import(settings: Settings, options: Options, report: Report) -> None:
    async with build_services(settings) as services:
        if options.is_dry:
            await migrate.require_current(services.database.engines.read)
        else:
            await prepare(services)
        await run(services, options, report)


async def run(services: Services, options: Options, report: Report) -> None:
    """Import the report's path and tell it all there, with progress on stderr."""
    importer = build_importer(services)
    plan = await importer.plan(report.path, options)
    with progress("Importing", len(plan)) as step:
        async for outcome in importer.run(plan):
            report.outcomes.append(outcome)
            step()
