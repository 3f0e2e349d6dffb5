"""What commands share that take a while."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from portfolio.core.config import Settings

T = TypeVar("T")

INTERRUPTED = 130
# Where there is no terminal: a line for each tenth, and none for what is over at once.
FEW, PARTS = 50, 10


def run_resumable(work: Coroutine[Any, Any, T]) -> T:
    """For what can go on another time. Ctrl-C ends the command with INTERRUPTED."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        typer.echo("Stopped. What is done stays; the same command goes on from here.", err=True)
        raise typer.Exit(INTERRUPTED) from None


def alone(settings: Settings) -> Settings:
    """For a process that has no others beside it, among which the cores would be divided."""
    server = settings.server.model_copy(update={"workers": 1})
    return settings.model_copy(update={"server": server})


@contextmanager
def progress(verb: str, total: int) -> Iterator[Callable[[], object]]:
    """To be called after each of them; shows on stderr how far this has come."""
    console = Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda: bar.advance(task)
        return
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if total >= FEW and done * PARTS // total > (done - 1) * PARTS // total:
            typer.echo(f"{done} of {total}", err=True)

    yield step
