"""The documentation is a contract: what it names exists, and what exists is named."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.factories.apps import make_application

from portfolio.api.middleware import target
from portfolio.api.problem import OtherKind
from portfolio.api.v1.endpoints.sections import KINDS
from portfolio.cli.commands import app as cli
from portfolio.core import environment
from portfolio.core.config import Settings
from portfolio.core.errors import AppError
from portfolio.models.entities import EntityType

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "portfolio"
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
ROW = re.compile(r"^\| `([^`]+)` *\|(.*)\|$", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PREFIX = "/api/v1"
LONGEST_DECISION = 25


def read(path: Path) -> str:
    return path.read_text("utf-8")


def rows(path: Path) -> dict[str, list[str]]:
    """The rows of a page's tables whose first cell is code, by what stands there."""
    return {
        name: [cell.strip() for cell in cells.split(" | ")]
        for name, cells in ROW.findall(read(path))
    }


def default_of(group: str, field: str) -> str:
    """As one would write it into the environment; empty where there is none."""
    kind: Any = Settings.model_fields[group].annotation
    declared = kind.model_fields[field]
    value = None if declared.default_factory else declared.default
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


class TestSettings:
    def test_stand_in_one_table_with_their_defaults(self) -> None:
        wanted = [
            f"| `{name}` | {f'`{default}`' if default else ''} | {text} |"
            for name, (group, field) in environment.variables().items()
            for default, text in [
                (
                    default_of(group, field),
                    environment.description(group, field).replace("|", "\\|"),
                )
            ]
        ]
        page = read(DOCS / "configuration.md")
        table = page.partition("<!-- settings -->")[2].partition("<!-- end of settings -->")[0]
        written = [line for line in table.splitlines() if line.startswith("| `")]
        assert written == wanted, "\n".join(["the table should be:", *wanted])

    def test_stand_in_the_example_file_with_their_defaults(self) -> None:
        wanted = {
            name: default_of(group, field)
            for name, (group, field) in environment.variables().items()
        }
        lines = read(ROOT / ".env.example").splitlines()
        written = dict(line[1:].split("=", 1) for line in lines if re.match(r"#[A-Z_]+=", line))
        assert written == wanted

    def test_are_all_commented_out_in_the_example_file(self) -> None:
        lines = read(ROOT / ".env.example").splitlines()
        assert [line for line in lines if line and not line.startswith("#")] == []


def _error_codes(kind: type[AppError] = AppError) -> Iterator[tuple[str, str]]:
    if not kind.__name__.startswith("_"):
        yield kind.code, str(kind.status)
    for child in kind.__subclasses__():
        yield from _error_codes(child)


class TestErrors:
    def test_are_explained_by_code_and_status(self) -> None:
        others = [kind for kind in vars(target).values() if isinstance(kind, OtherKind)]
        wanted = {**dict(_error_codes()), **{kind.code: str(kind.status) for kind in others}}
        page = read(DOCS / "errors.md")
        table = page.partition("<!-- codes -->")[2].partition("<!-- end of codes -->")[0]
        written = {name: cells.split(" | ")[0].strip() for name, cells in ROW.findall(table)}
        assert written == wanted


def _commands(command: Any, words: list[str]) -> Iterator[tuple[str, set[str]]]:
    """Each command with its options and arguments, as they are typed."""
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, [*words, name])
    if not hasattr(command, "commands"):
        names = {
            name
            for parameter in command.params
            for name in (
                [*parameter.opts, *parameter.secondary_opts]
                if parameter.param_type_name == "option"
                else [(parameter.metavar or parameter.name).upper()]
            )
        }
        yield " ".join(words), names


class TestCommandLine:
    def test_is_described_command_by_command(self) -> None:
        wanted = dict(_commands(typer.main.get_command(cli), ["portfolio"]))
        sections = re.split(r"^## `(portfolio[^`]*)`$", read(DOCS / "cli.md"), flags=re.MULTILINE)
        written = {
            name: set(re.findall(r"^\* `([^`=\s]+)[^`]*`", text, re.MULTILINE))
            for name, text in zip(sections[1::2], sections[2::2], strict=True)
        }
        assert written == wanted


class TestAddresses:
    def test_are_all_named_in_the_guide(self, tmp_path: Path) -> None:
        paths = make_application(tmp_path).openapi()["paths"]
        wanted = {
            path.removeprefix(PREFIX): {method.upper() for method in operations}
            for path, operations in paths.items()
            if path.startswith(PREFIX)
        }
        page = read(DOCS / "api.md")
        table = page.partition("<!-- addresses -->")[2].partition("<!-- end of addresses -->")[0]
        written = {
            each: set(cells.split(" | ")[0].split())
            for path, cells in ROW.findall(table)
            for each in _expanded(path)
        }
        assert written == wanted


def _expanded(path: str) -> Iterator[str]:
    """One row of the guide stands for all sections of a profile, or all that has pictures."""
    for section in KINDS if "{section}" in path else [None]:
        for kind in EntityType if "{target}" in path else [None]:
            name = section.section.replace("_", "-") if section else ""
            yield path.replace("{section}", name).replace("{target}", kind or "")


class TestDependencies:
    def test_have_a_reason_each(self) -> None:
        project = tomllib.loads(read(ROOT / "pyproject.toml"))
        groups = [
            project["project"]["dependencies"],
            *project["project"]["optional-dependencies"].values(),
            *project["dependency-groups"].values(),
        ]
        wanted = {re.split(r"[\[<>=]", line)[0] for group in groups for line in group}
        assert rows(DOCS / "dependencies.md").keys() == wanted


def _anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings of a page."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(FENCE.sub("", read(page)))
    }


class TestLinks:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
    def test_lead_somewhere(self, page: Path) -> None:
        dead = []
        for address in LINK.findall(FENCE.sub("", read(page))):
            if "://" in address:
                continue
            path, _, anchor = address.partition("#")
            there = (page.parent / path).resolve() if path else page
            if not there.exists() or (anchor and anchor not in _anchors(there)):
                dead.append(address)
        assert dead == []

    def test_reach_every_page(self) -> None:
        linked = {
            (page.parent / address.partition("#")[0]).resolve()
            for page in PAGES
            for address in LINK.findall(read(page))
        }
        at_the_door = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
        lost = {page.resolve() for page in PAGES} - linked
        assert {page.name for page in lost} <= at_the_door


def _requirements() -> Iterator[tuple[str, str]]:
    """Each number that a test carries, with the test's file."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(read(path))):
            # Marked one by one, or as `for number in ("27", "28")`.
            match node:
                case ast.Call(func=ast.Attribute(attr="requirement"), args=[ast.Constant() as one]):
                    yield str(one.value), str(path.relative_to(ROOT))
                case ast.comprehension(target=ast.Name(id="number"), iter=ast.Tuple(elts=several)):
                    for each in several:
                        yield str(ast.literal_eval(each)), str(path.relative_to(ROOT))


class TestRequirements:
    def test_name_the_files_that_prove_them(self) -> None:
        wanted: dict[str, set[str]] = {}
        for number, name in _requirements():
            wanted.setdefault(number, set()).add(name)
        page = read(DOCS / "security.md").partition("<!-- requirements -->")[2]
        table = re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", page, re.MULTILINE)
        written = {number: set(re.findall(r"`([^`]+)`", files)) for number, files in table}
        assert written == wanted


class TestFiles:
    """Paths are written from the root or from the package, and a bare name may lie anywhere."""

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
    def test_that_are_named_exist(self, page: Path) -> None:
        named = re.findall(r"`((?:[\w.-]+/)*[\w.-]+(?:\.py|/))`", read(page))
        lost = [
            name
            for name in named
            if not (ROOT / name).exists()
            and not (PACKAGE / name).exists()
            and ("/" in name.rstrip("/") or not any(PACKAGE.rglob(name)))
        ]
        assert lost == []


class TestMakeTargets:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
    def test_exist(self, page: Path) -> None:
        makefile = read(ROOT / "Makefile")
        targets = re.findall(r"^([a-z][\w%-]*):", makefile, re.MULTILINE)
        known = re.compile("|".join(target.replace("%", r"\w+") for target in targets))
        named = re.findall(r"(?:`|^|&& )make ([\w-]+)", read(page), re.MULTILINE)
        assert [name for name in named if not known.fullmatch(name)] == []


class TestDecisions:
    def test_are_numbered_without_gaps(self) -> None:
        numbers = [int(path.name[:4]) for path in sorted((DOCS / "decisions").glob("[0-9]*.md"))]
        assert numbers == list(range(1, len(numbers) + 1))

    def test_stand_in_their_table_of_contents(self) -> None:
        folder = DOCS / "decisions"
        titles = {path.name: read(path).splitlines()[0][2:] for path in folder.glob("[0-9]*.md")}
        linked = re.findall(r"\[([^\]]+)\]\((\d{4}-[^)]+)\)", read(folder / "README.md"))
        assert {name: title for title, name in linked} == titles

    def test_are_short(self) -> None:
        long = [
            path.name
            for path in (DOCS / "decisions").glob("[0-9]*.md")
            if len(read(path).splitlines()) > LONGEST_DECISION
        ]
        assert long == []
