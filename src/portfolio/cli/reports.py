"""What an import did, for people."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from portfolio.cli.terminal import printable
from portfolio.importers.report import Outcome, Report, Result

MOST_WARNINGS = 20
MOST_FILES = 3


def show(report: Report, console: Console) -> None:
    """Counts, then everything that wants attention, one line each."""
    console.print(_counts(report))
    for line in (*_failures(report), *_skipped(report), *_warnings(report)):
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


def _counts(report: Report) -> Table:
    counts = report.counts
    table = Table("would be" if report.is_dry else "", *Result, box=None)
    for kind in ("posts", "projects", "experience", None):
        numbers = [counts[kind, result] for result in Result]
        if any(numbers):
            table.add_row(kind or "other files", *map(str, numbers))
    return table


def _name(report: Report, outcome: Outcome) -> Path:
    is_inside = outcome.file != report.path and outcome.file.is_relative_to(report.path)
    return outcome.file.relative_to(report.path) if is_inside else outcome.file


def _failures(report: Report) -> Iterator[str]:
    for outcome in report.of(Result.FAILED):
        yield f"failed   {outcome.place}: {outcome.reason}"


def _skipped(report: Report) -> Iterator[str]:
    skipped = report.of(Result.SKIPPED)
    for reason, number in Counter(outcome.reason for outcome in skipped).items():
        files = [str(_name(report, outcome)) for outcome in skipped if outcome.reason == reason]
        more = f" and {number - MOST_FILES} more" if number > MOST_FILES else ""
        yield f"skipped  {', '.join(files[:MOST_FILES])}{more}: {reason}"


def _warnings(report: Report) -> Iterator[str]:
    warnings = list(report.warnings)
    for outcome, warning in warnings[:MOST_WARNINGS]:
        yield f"warning  {_name(report, outcome)}: {warning}"
    if len(warnings) > MOST_WARNINGS:
        yield f"         … and {len(warnings) - MOST_WARNINGS} more warnings; --json lists them all"
