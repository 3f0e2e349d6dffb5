"""`portfolio demo`, as a process of its own with a data folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

COMMAND = [sys.executable, "-m", "portfolio"]


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture
def environment(tmp_path: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path / "data"),
        "PORT": str(port),
        "WORKERS": "1",
        "ENVIRONMENT": "test",
        "BCRYPT_COST": "4",
    }


@contextmanager
def served(environment: dict[str, str], folder: Path) -> Iterator[tuple[httpx2.Client, str]]:
    """The demo once it answers, and what it printed until then."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "demo"],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stderr:
            if "Application startup complete" in line:
                break
        address = f"http://127.0.0.1:{environment['PORT']}/api/v1"
        with httpx2.Client(base_url=address) as client:
            printed = process.stdout.readline() + process.stdout.readline()
            yield client, printed
        process.send_signal(signal.SIGTERM)
        process.communicate()
        assert process.returncode == 0


class TestDemo:
    def test_serves_a_sample_that_its_owner_can_edit(
        self, tmp_path: Path, environment: dict[str, str]
    ) -> None:
        with served(environment, tmp_path) as (client, printed):
            found = re.search(r"^Sign in: +(\w+), password (\S+)", printed)
            assert found
            profile: Any = client.get("/profile").json()
            assert profile["name"] == "Robin Hale"
            assert [len(profile[name]) for name in ("experience", "education")] == [2, 2]
            assert client.get("/projects").json()["total"] == 6
            assert client.get("/posts").json()["total"] == 6
            login = {"identifier": found[1], "password": found[2]}
            assert client.post("/auth/login", json=login).status_code == 200
        with served(environment, tmp_path) as (client, printed):
            assert "password" not in printed
            assert client.get("/posts").json()["total"] == 6

    def test_touches_no_database_that_somebody_uses(
        self, tmp_path: Path, environment: dict[str, str]
    ) -> None:
        for arguments, given in (
            (["user", "create", "ada@example.com", "--password-stdin"], "correct horse battery\n"),
            (["demo"], ""),
        ):
            done = subprocess.run(  # noqa: S603 - our own command
                [*COMMAND, *arguments],
                env=environment,
                cwd=tmp_path,
                input=given,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
        assert done.returncode == 2
        assert "This database is in use" in done.stderr
