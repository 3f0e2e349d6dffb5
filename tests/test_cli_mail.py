"""`portfolio mail`: reading what was kept, and trying the way that is set."""

import asyncio
import os
import socket
import subprocess
import sys
from email.headerregistry import Address
from pathlib import Path

import anyio
import pytest
from tests.factories.mail_servers import HOST, Mailbox, mail_server, make_message
from typer.testing import CliRunner, Result

from portfolio.adapters.mailer.sink import FileMailer
from portfolio.cli.commands import app


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def two_mails(tmp_path: Path) -> None:
    sink = FileMailer(tmp_path / "mail", Address("Example", "no-reply", "example.org"))
    asyncio.run(sink.send(make_message(to="first@example.com")))
    asyncio.run(sink.send(make_message(to="second@example.com", text="Hello \x1b[31m there\n")))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["mail", *words])


async def send(address: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which writes its own log."""
    return await anyio.to_thread.run_sync(
        lambda: subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "portfolio", "mail", "test", address],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
    )


class TestTest:
    async def test_keeps_a_mail_where_no_server_is_set(self, tmp_path: Path) -> None:
        ended = await send("ada@example.com")
        assert ended.stdout == f"No mail server is set; kept in {tmp_path / 'mail'}\n"
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "Subject: Mail from Portfolio works" in run("show").stdout

    async def test_sends_by_the_server_that_is_set(self) -> None:
        mailbox = Mailbox()
        async with mail_server(mailbox) as port:
            url = f"smtp://{HOST}:{port}"
            ended = await send("ada@example.com", SMTP_URL=url, MAIL_FROM="no-reply@example.org")
        assert (ended.returncode, ended.stdout) == (0, f"Sent by {HOST}:{port}\n")
        assert mailbox.recipients == ["ada@example.com"]
        assert mailbox.mails[0]["From"] == "Portfolio <no-reply@example.org>"

    async def test_says_in_one_line_what_the_server_says(self) -> None:
        mailbox = Mailbox(to_rcpt=["550 5.1.1 No such user here"])
        async with mail_server(mailbox) as port:
            url = f"smtp://{HOST}:{port}"
            ended = await send("ada@example.com", SMTP_URL=url, MAIL_FROM="no-reply@example.org")
        assert ended.returncode == 2
        assert ended.stderr == "Refused: 550 5.1.1 No such user here\n"

    async def test_says_in_one_line_that_the_server_is_down(self) -> None:
        with socket.socket() as taken:
            taken.bind((HOST, 0))
            url = f"smtp://{HOST}:{taken.getsockname()[1]}"
            ended = await send("ada@example.com", SMTP_URL=url, MAIL_FROM="no-reply@example.org")
        assert ended.returncode == 2
        assert len(ended.stderr.splitlines()) == 1

    def test_refuses_what_is_no_address(self) -> None:
        result = run("test", "ada")
        assert result.exit_code == 2
        assert "This is no e-mail address" in result.stderr


class TestList:
    def test_says_that_there_is_none(self) -> None:
        assert run("list").stdout.startswith("No mail is kept in ")

    def test_has_the_newest_first(self, two_mails: None) -> None:
        newest, oldest = run("list").stdout.splitlines()[1:]
        assert newest.split()[0] == "1"
        assert "second@example.com" in newest
        assert "first@example.com" in oldest


class TestShow:
    def test_prints_the_newest_unless_told_otherwise(self, two_mails: None) -> None:
        assert "To:      second@example.com" in run("show").stdout
        assert "To:      first@example.com" in run("show", "2").stdout

    def test_lets_nothing_move_the_cursor(self, two_mails: None) -> None:
        assert "Hello \\x1b[31m there" in run("show").stdout

    def test_refuses_a_number_that_there_is_not(self) -> None:
        assert run("show").exit_code == 2
