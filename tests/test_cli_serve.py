"""What an operator meets at the start, in a process of its own."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path


def run(data_dir: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), **variables}
    command = [sys.executable, "-m", "portfolio", *arguments]
    return subprocess.run(  # noqa: S603 - our own command
        command, env=environment, cwd=data_dir, capture_output=True, text=True, check=False
    )


class TestServe:
    def test_says_in_one_line_that_the_port_is_taken(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ended = run(tmp_path, "serve", PORT=str(taken.getsockname()[1]))
        assert ended.returncode == 2
        assert ended.stdout == ""
        assert ended.stderr.startswith("HOST and PORT: cannot listen on 127.0.0.1:")
        assert len(ended.stderr.splitlines()) == 1

    def test_says_every_wrong_setting_in_a_line_of_its_own(self, tmp_path: Path) -> None:
        ended = run(tmp_path, "serve", PORT="abc", LOG_LEVEL="loud")
        assert ended.returncode == 2
        assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == [
            "PORT",
            "LOG_LEVEL",
        ]

    def test_says_in_one_line_that_the_folder_of_the_database_is_missing(
        self, tmp_path: Path
    ) -> None:
        url = f"sqlite+aiosqlite:///{tmp_path}/nowhere/portfolio.db"
        ended = run(tmp_path, "serve", PORT="0", DATABASE_URL=url)
        assert ended.returncode == 2
        assert ended.stderr.splitlines() == [f"DATABASE_URL: there is no folder {tmp_path}/nowhere"]

    def test_says_in_one_line_that_the_database_is_away(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        url = f"postgresql+asyncpg://nobody@127.0.0.1:{port}/nothing"
        ended = run(tmp_path, "serve", PORT="0", DATABASE_URL=url)
        assert ended.returncode == 2
        assert len(ended.stderr.splitlines()) == 1


class TestUpgrade:
    def test_keeps_the_database_from_other_users(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)
        assert run(tmp_path, "db", "upgrade").returncode == 0
        assert stat.S_IMODE((tmp_path / "portfolio.db").stat().st_mode) == 0o600
