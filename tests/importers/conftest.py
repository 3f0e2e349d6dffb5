from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from portfolio.importers.plan import Options
from portfolio.importers.report import Outcome, Report
from portfolio.models.users import User
from portfolio.wiring import Services
from portfolio.wiring.importing import build_importer

Write = Callable[..., Path]
Run = Callable[..., Awaitable[Report]]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The content of a site, whose configuration lies beside it."""
    (tmp_path / "hugo.toml").touch()
    folder = tmp_path / "content"
    folder.mkdir()
    return folder


@pytest.fixture
def write(content: Path) -> Write:
    """Put a file under the content; front matter is given by keywords, as YAML."""

    def write(name: str, body: str | bytes = "Text.\n", **front_matter: Any) -> Path:
        path = content / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{key}: {value}\n" for key, value in front_matter.items())
        head = f"---\n{lines}---\n" if lines else ""
        path.write_bytes(body if isinstance(body, bytes) else f"{head}{body}".encode())
        return path

    return write


@pytest.fixture
def run(services: Services, admin: User, content: Path) -> Run:
    """Import the content, or another folder, on behalf of the owner."""

    async def run(root: Path = content, **options: Any) -> Report:
        importer = build_importer(services)
        plan = await importer.plan(root, Options(**options))
        report = Report(root, plan.options.is_dry)
        async for outcome in importer.run(plan):
            report.outcomes.append(outcome)
        return report

    return run


def told(report: Report) -> list[tuple[str, str, str | None]]:
    """File, result and reason of each outcome."""
    return [
        (outcome.file.relative_to(report.path).as_posix(), outcome.result.value, outcome.reason)
        for outcome in report.outcomes
    ]


def only(report: Report) -> Outcome:
    (outcome,) = report.outcomes
    return outcome
