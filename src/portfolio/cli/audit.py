"""The audit trail, read on the machine that the server runs on."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import environment
from portfolio.core.pagination import MAX_LIMIT, PageRequest
from portfolio.db import migrate
from portfolio.models.audit import Action, AuditEntry
from portfolio.services.audit import Verdict
from portfolio.wiring import Services, build_services

app = typer.Typer(help="Who did what, and whether that is still what was written.")


@app.command()
def verify(
    expect: Annotated[
        str | None,
        typer.Option(metavar="DIGEST", help="A head noted earlier, which must be in the chain"),
    ] = None,
) -> None:
    """Prove the audit trail from end to end, changing nothing; name the first row that is wrong."""
    verdict = asyncio.run(_verify(expect))
    typer.echo(f"{verdict.proven} entries proven")
    if verdict.unsealed:
        typer.echo(f"{verdict.unsealed} not sealed yet; a running server does that in seconds")
    if verdict.problem:
        typer.echo(f"After that: {verdict.problem}", err=True)
        raise typer.Exit(1)
    if verdict.head:
        typer.echo(f"Head: {verdict.head}  (note it elsewhere, for --expect)")


@app.command("list")
def show(
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="How many")] = 20,
    action: Annotated[Action | None, typer.Option(help="Only this", show_choices=False)] = None,
    actor: Annotated[int | None, typer.Option(help="Only by this account, by number")] = None,
) -> None:
    """Print the newest entries, one line each."""
    wanted = {"action": action, "actor": actor}
    given = {name: value for name, value in wanted.items() if value is not None}
    for entry in asyncio.run(_newest(limit, given)):
        typer.echo(_line(entry))


def _line(entry: AuditEntry) -> str:
    target = f"{entry.target_type}:{entry.target_id}" if entry.target_type else "-"
    return "  ".join(
        [
            entry.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            entry.action,
            f"by {entry.actor_id or '-'}",
            target,
            entry.address or "-",
            # JSON also escapes what would move the cursor.
            json.dumps(entry.changes) if entry.changes else "",
        ]
    ).rstrip()


async def _newest(limit: int, filters: Mapping[str, Any]) -> list[AuditEntry]:
    async with _reading() as (services, db):
        return (await services.audit.page(db, PageRequest(limit), filters)).items


async def _verify(expected: str | None) -> Verdict:
    async with _reading() as (services, db):
        with _progress(await services.audit_verifier.length(db)) as step:
            return await services.audit_verifier.verify(db, expected, step)


@asynccontextmanager
async def _reading() -> AsyncIterator[tuple[Services, AsyncSession]]:
    async with build_services(environment.load()) as services:
        await migrate.require_current(services.database.engines.read)
        async with services.database.reading() as db:
            yield services, db


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object]]:
    columns = (TextColumn("Verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)
