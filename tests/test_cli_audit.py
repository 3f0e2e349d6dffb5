"""`portfolio audit`, on a database of its own."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.databases import unguarded
from tests.factories.audit import ask_from
from tests.factories.commands import there
from typer.testing import CliRunner, Result

from portfolio.cli.commands import app
from portfolio.models.audit import Action
from portfolio.wiring import Services

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["audit", *words])


async def write(services: Services) -> None:
    ask_from("203.0.113.9", actor_id=7)
    for number in range(3):
        async with services.database.transaction() as db:
            await services.audit.record(
                db, Action.POST_UPDATED, target=("post", number), after={"title": "\x1b[2JNew"}
            )


async def seal(services: Services) -> None:
    services.periodic.start()
    while True:
        async with services.database.reading() as db:
            if await services.audit_verifier.length(db) == 3:
                break
        await asyncio.sleep(0.01)
    await services.periodic.stop()


async def alter(services: Services) -> None:
    async with services.database.transaction() as db, unguarded(db):
        await db.execute(text("UPDATE audit_entries SET actor_id = 8 WHERE id = 2"))


class TestVerify:
    def test_needs_a_database(self) -> None:
        assert run("verify").exit_code != 0

    def test_tells_what_is_proven(self) -> None:
        there(write)
        result = run("verify")
        assert result.exit_code == 0
        assert result.stdout.splitlines() == [
            "0 entries proven",
            "3 not sealed yet; a running server does that in seconds",
        ]
        there(seal)
        result = run("verify")
        assert result.exit_code == 0
        proven, head = result.stdout.splitlines()
        assert proven == "3 entries proven"
        assert run("verify", "--expect", head.split()[1]).exit_code == 0

    def test_names_the_first_row_that_is_wrong(self) -> None:
        there(write)
        there(seal)
        there(alter)
        result = run("verify")
        assert result.exit_code == 1
        assert result.stdout == "1 entries proven\n"
        assert result.stderr.startswith("After that: entry 2 was altered")

    def test_misses_an_end_that_was_noted(self) -> None:
        there(write)
        there(seal)
        result = run("verify", "--expect", "x" * 43)
        assert result.exit_code == 1
        assert "the end is missing" in result.stderr


class TestList:
    def test_prints_the_newest_first_and_nothing_that_moves_the_cursor(self) -> None:
        there(write)
        result = run("list")
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert len(lines) == 3
        assert "Z  post:updated  by 7  post:2  203.0.113.9  {" in lines[0]
        assert "\x1b" not in result.stdout

    def test_can_be_narrowed_down(self) -> None:
        there(write)
        assert len(run("list", "--limit", "1").stdout.splitlines()) == 1
        assert len(run("list", "--actor", "7", "--action", "post:updated").stdout.splitlines()) == 3
        assert run("list", "--actor", "8").stdout == ""
        assert run("list", "--action", "auth:login").stdout == ""
        assert run("list", "--action", "nothing").exit_code == 2
