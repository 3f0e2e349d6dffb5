"""What an import did with each document."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from portfolio.importers.kinds import Kind


class Result(StrEnum):
    MADE = "made"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`line` counts from 1 in `file` where it is known; `slug` is the one it has here."""

    file: Path
    result: Result
    kind: Kind | None = None
    slug: str | None = None
    reason: str | None = None
    line: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else str(self.file)


@dataclass(slots=True)
class Report:
    path: Path
    is_dry: bool = False
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def counts(self) -> Counter[tuple[Kind | None, Result]]:
        return Counter((outcome.kind, outcome.result) for outcome in self.outcomes)

    @property
    def has_failed(self) -> bool:
        return any(outcome.result is Result.FAILED for outcome in self.outcomes)

    def of(self, result: Result) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.result is result]

    @property
    def warnings(self) -> Iterator[tuple[Outcome, str]]:
        for outcome in self.outcomes:
            yield from ((outcome, warning) for warning in outcome.warnings)

    def as_json(self) -> dict[str, Any]:
        totals = Counter(outcome.result for outcome in self.outcomes)
        return {
            "path": str(self.path),
            "dry_run": self.is_dry,
            "counts": {result.value: totals[result] for result in Result},
            "documents": [
                {**asdict(outcome), "file": str(outcome.file)} for outcome in self.outcomes
            ],
        }
