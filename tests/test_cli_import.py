"""`portfolio import markdown`, as a process of its own with a database of its own."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "portfolio", "import", "markdown"]
MANY = 60

Importing = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An empty data folder, in which the first start makes an owner."""
    return {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path / "data"),
        "ENVIRONMENT": "test",
        "BCRYPT_COST": "4",
        "LOG_LEVEL": "warning",
        "ADMIN_EMAIL": "owner@example.com",
        "ADMIN_PASSWORD": "correct horse battery staple",
    }


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Importing:
    def run(*arguments: str | Path, **changes: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - our own command
            [*COMMAND, *map(str, arguments)],
            env=environment | changes,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    (folder / "posts").mkdir(parents=True)
    (folder / "posts/hello.md").write_text("---\ntitle: Hello\ndate: 2020-01-01\n---\nText\n")
    (folder / "posts/_index.md").write_text("---\ntitle: Posts\n---\n")
    return folder


def results(done: "subprocess.CompletedProcess[str]") -> Counter[str]:
    report: Any = json.loads(done.stdout)
    return Counter(document["result"] for document in report["documents"])


class TestReport:
    def test_counts_and_names_what_wants_attention(self, run: Importing, site: Path) -> None:
        picture = site / "posts/picture.md"
        picture.write_text("---\ntitle: P\ndate: 2020-01-01\n---\n![x](x.png)\n")
        done = run(site)
        assert done.returncode == 0, done.stderr
        table, *lines = done.stdout.split("other files")
        assert re.findall(r"\w+", table)[:5] == [
            "made",
            "changed",
            "unchanged",
            "skipped",
            "failed",
        ]
        assert re.search(r"posts +2 +0 +0 +0 +0", table)
        assert "skipped  posts/_index.md: is the page of a section" in lines[0]
        assert "warning  posts/picture.md: x.png is not there (line 5)" in lines[0]
        assert done.stderr == ""
        assert re.search(r"posts +0 +0 +2 +0 +0", run(site).stdout)

    def test_names_the_line_of_a_broken_file_and_ends_with_1(
        self, run: Importing, site: Path
    ) -> None:
        broken = site / "posts/broken.md"
        broken.write_text("+++\ntitle = 'x'\ndate = \n+++\n")
        done = run(site)
        assert done.returncode == 1
        assert f"failed   {broken}:3: " in done.stdout
        assert re.search(r"posts +1 +0 +0 +0 +0", done.stdout)

    def test_prints_names_that_are_no_text(self, run: Importing, site: Path) -> None:
        (site / "posts/\x1b[31m.md").write_text("+++\n")
        with suppress(OSError):  # where file systems take nothing but UTF-8
            (site / "posts" / os.fsdecode(b"\xff.md")).write_text("Text\n")
        done = run(site)
        assert done.returncode == 1
        assert "\x1b" not in done.stdout
        assert "\\x1b[31m.md:1: front matter opened with +++ is never closed" in done.stdout
        assert json.loads(run(site, "--json").stdout)["counts"]["failed"] > 0

    def test_is_there_for_machines_too(self, run: Importing, site: Path) -> None:
        done = run(site, "--json")
        report = json.loads(done.stdout)
        assert report["counts"] == {
            "made": 1,
            "changed": 0,
            "unchanged": 0,
            "skipped": 1,
            "failed": 0,
        }
        assert report["dry_run"] is False
        assert report["documents"][1] == {
            "file": str(site / "posts/hello.md"),
            "result": "made",
            "kind": "posts",
            "slug": "hello",
            "reason": None,
            "line": None,
            "warnings": [],
        }

    def test_shows_a_bar_on_a_terminal(
        self, tmp_path: Path, environment: dict[str, str], site: Path
    ) -> None:
        ours, theirs = pty.openpty()
        with subprocess.Popen(  # noqa: S603 - our own command
            [*COMMAND, str(site)],
            env={**environment, "TERM": "xterm"},
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
        ):
            os.close(theirs)
            shown = b""
            with suppress(OSError):  # how Linux says that the other end is closed
                while part := os.read(ours, 10_000):
                    shown += part
        os.close(ours)
        assert b"Importing" in shown
        assert b"2/2" in shown


class TestOptions:
    def test_dry_run_only_tells(self, run: Importing, site: Path) -> None:
        refused = run(site, "--dry-run")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "portfolio db upgrade" in refused.stderr
        (site / "projects").mkdir()
        run(site)
        (site / "projects/new.md").write_text("New\n")
        expected = Counter(made=1, unchanged=1, skipped=1)
        assert results(run(site, "--dry-run", "--json")) == expected
        assert "would be" in run(site, "--dry-run").stdout
        assert results(run(site, "--json")) == expected

    def test_as_decides_what_documents_are(self, run: Importing, site: Path) -> None:
        report = json.loads(run(site, "--as", "projects", "--json").stdout)
        assert report["documents"][1]["kind"] == "projects"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["missing"], "does not exist"),
            (["."], "holds no Markdown files"),
            ([".", "--as", "books"], "books"),
            ([".", "--unknown"], "--unknown"),
            ([], "Missing argument"),
        ],
    )
    def test_that_cannot_be_used_end_with_2(
        self, run: Importing, arguments: list[str], message: str
    ) -> None:
        done = run(*arguments)
        assert done.returncode == 2
        assert message in done.stderr

    def test_say_how_to_make_an_owner(self, run: Importing, site: Path) -> None:
        done = run(site, ADMIN_EMAIL="", ADMIN_PASSWORD="")
        assert done.returncode == 2
        assert "portfolio user create --admin" in done.stderr


class TestStop:
    @pytest.mark.parametrize(
        ("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
    )
    def test_in_the_middle_loses_nothing(
        self,
        tmp_path: Path,
        environment: dict[str, str],
        run: Importing,
        site: Path,
        number: signal.Signals,
        code: int,
    ) -> None:
        (site / "posts/_index.md").unlink()
        for index in range(1, MANY):
            path = site / f"posts/post-{index}.md"
            path.write_text(f"---\ndate: 2020-01-01\ntags: [a, b]\naliases: [/o/{index}]\n---\nx\n")
        with subprocess.Popen(  # noqa: S603 - our own command
            [*COMMAND, str(site)],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr
            assert process.stderr.readline() == f"{MANY // 10} of {MANY}\n"
            process.send_signal(number)
            rest = process.stderr.read()
        assert process.returncode == code
        assert ("the same command goes on from here" in rest) == (number == signal.SIGINT)
        again = run(site, "--json")
        found = results(again)
        assert found["unchanged"] >= MANY // 10
        assert found["made"] > 0
        assert found["made"] + found["unchanged"] == MANY
        slugs = [document["slug"] for document in json.loads(again.stdout)["documents"]]
        assert sorted(slugs) == sorted(["hello", *(f"post-{n}" for n in range(1, MANY))])
        assert results(run(site, "--json")) == Counter(unchanged=MANY)
