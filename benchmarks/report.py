"""A table of ratios with the machine and the versions; sections of results.md, merged by id."""

import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from typing import Literal

from benchmarks.load import Plan, generator

RESULTS = Path(__file__).parent / "results.md"
PACKAGES = ("fastapi", "starlette", "pydantic", "sqlalchemy", "aiosqlite", "uvicorn", "uvloop")
INTRODUCTION = """\
# Results

Written by `python -m benchmarks`; a section is replaced whenever its benchmark runs. Ratios of two
sides that ran in turn on one machine mean something; absolute figures only on the machine named.
"""


@dataclass(frozen=True)
class Row:
    """One comparison. `target` is what the ratio must be: at least or at most."""

    name: str
    ours: float
    theirs: float
    unit: str
    sense: Literal["≥", "≤"]
    target: float
    ratio_of: Literal["ratio", "ours"] = "ratio"

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    @property
    def met(self) -> bool:
        value = self.ratio if self.ratio_of == "ratio" else self.ours
        return value >= self.target if self.sense == "≥" else value <= self.target

    def cells(self) -> list[str]:
        target = f"{self.sense} {self.target:g}" + (
            " x" if self.ratio_of == "ratio" else f" {self.unit}"
        )
        return [
            self.name,
            f"{self.ratio:.2f} x",
            target,
            "yes" if self.met else "**no**",
            f"{_figure(self.ours)} {self.unit}",
            f"{_figure(self.theirs)} {self.unit}",
        ]


@dataclass(frozen=True)
class Section:
    """What one benchmark found. `notes` are sentences; one that is not `sound` fails the run."""

    id: str
    title: str
    table: str
    notes: list[str]
    sound: bool = True

    def render(self, command: str) -> str:
        facts = [*self.notes, machine(), versions(), f"Taken on {today()} by `{command}`."]
        listed = "\n".join(f"* {fact}" for fact in facts)
        return f"## {self.id}: {self.title}\n\n{self.table}\n\n{listed}\n"


def comparison(sides: tuple[str, str], rows: Iterable[Row]) -> str:
    """A table of ratios. `sides` name ours and theirs."""
    return table([["", "ratio", "target", "met", *sides], *(row.cells() for row in rows)])


def table(cells: Sequence[Sequence[str]]) -> str:
    """In Markdown; the first line is the head."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(line, widths) for line in cells]
    lines.insert(1, _line(["-" * width for width in widths], widths))
    return "\n".join(lines)


def merge(section_id: str, rendered: str, path: Path = RESULTS) -> None:
    """Put the section into `path` in the place of its older self; the others stay as they are."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    kept = {found[1]: part for part in _parts(before) if (found := re.match(r"## (\w+):", part))}
    kept[section_id] = rendered
    text = "\n".join([INTRODUCTION, *(kept[name].rstrip() + "\n" for name in sorted(kept))])
    path.write_text(text, encoding="utf-8")


def method(plan: Plan) -> str:
    pause = f", {plan.pause} ms of rest before each request," if plan.pause else ""
    return (
        f"Load: {generator()}, {plan.connections} connections{pause} for {plan.seconds} s after"
        f" {plan.warm_up} s of warm-up, on the same machine; sides in turn, {plan.rounds} times,"
        " medians."
    )


def machine() -> str:
    return (
        f"Machine: {_processor()}, {cpu_count()} cores, {platform.system()} {platform.machine()}."
    )


def versions() -> str:
    named = [f"{package} {version(package)}" for package in PACKAGES]
    return f"Versions: Python {platform.python_version()}, {', '.join(named)}."


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        found = re.search(r"model name\s*:\s*(.+)", described.read_text())
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def _parts(text: str) -> list[str]:
    return re.split(r"(?m)^(?=## )", text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return f"| {' | '.join(padded)} |"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits do
