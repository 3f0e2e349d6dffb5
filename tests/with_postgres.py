"""`with_postgres.py COMMAND…`: runs it with TEST_DATABASE_URL naming a throw-away PostgreSQL server.

The server listens on loopback, behind a password made for this run, and is gone afterwards, also after
SIGINT and SIGTERM. The exit status is the command's. `--find` only tells whether there is a PostgreSQL to run.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

DATABASE = "portfolio_test"
OWNER = "portfolio"
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
# Nothing here outlives the run, so nothing has to reach the disk.
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
PATIENCE = 10  # seconds for the command to end after Ctrl-C, which its terminal sent it too


def find_programs() -> Path | None:
    """The folder of `initdb` and `postgres`: the one on the PATH, else the newest of the usual places."""
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    usual = (folder for place in PLACES for folder in Path("/").glob(place[1:]))
    newest_first = sorted(usual, key=_version, reverse=True)
    complete = (
        folder
        for folder in [*on_path, *newest_first]
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_ctl", "createdb"))
    )
    return next(complete, None)


def _version(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.parent.name)]


class FailedError(Exception):
    """One of PostgreSQL's programs did not do what it should: all that was printed."""


class Cluster:
    """The data of one server in a folder, and the programs that work on it.

    All methods raise FailedError.
    """

    def __init__(self, programs: Path, folder: Path, password: str, **options: str) -> None:
        self.data = folder / "data"
        self.port = _free_port()
        self._programs = programs
        self._folder = folder
        self._log = folder / "log"
        self._password = password
        self._options = OPTIONS | options
        self._identity = _identity()
        folder.mkdir(exist_ok=True)
        self._give_away(folder)

    @property
    def address(self) -> tuple[str, ...]:
        """As the programs want to hear it."""
        return ("--host", "127.0.0.1", "--port", str(self.port), "--username", OWNER)

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://{OWNER}:{self._password}@127.0.0.1:{self.port}/{DATABASE}"

    def create(self) -> None:
        """With an empty database, served from here on."""
        secret = self._folder / "password"
        secret.write_text(self._password)
        self._give_away(secret)
        locale = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        self.run(
            *("initdb", "--pgdata", self.data, "--username", OWNER, "--pwfile", secret),
            *("--auth", "password", "--encoding", "UTF8", "--locale", locale, "--no-sync"),
        )
        self.start()
        self.run("createdb", *self.address, DATABASE)

    def start(self) -> None:
        options = " ".join(f"-c {name}='{value}'" for name, value in self._options.items())
        server_log = self._folder / "server"
        self._control("--log", server_log, "--options", f"-p {self.port} {options}", "start")

    def stop(self) -> None:
        """At once, and whoever is connected is cut off."""
        if (self.data / "postmaster.pid").exists():
            self._control("--mode", "immediate", "stop")

    def run(self, program: str, *arguments: str | Path) -> None:
        with self._log.open("a") as output:
            done = subprocess.run(  # noqa: S603 - the programs found above
                [self._programs / program, *arguments],
                cwd=self._folder,
                env=os.environ | {"PGPASSWORD": self._password},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **self._identity,
            )
        if done.returncode:
            printed = self._log.read_text()
            raise FailedError(f"{printed}\n{program} failed with {done.returncode}, see above.")

    def _control(self, *arguments: str | Path) -> None:
        self.run("pg_ctl", "--pgdata", self.data, "--silent", "--wait", *arguments)

    def _give_away(self, path: Path) -> None:
        if self._identity:
            shutil.chown(path, self._identity["user"], self._identity["group"])


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """A running server with an empty database, as a TEST_DATABASE_URL."""
    with tempfile.TemporaryDirectory(prefix="portfolio-postgres-") as room:
        cluster = Cluster(programs, Path(room), secrets.token_urlsafe(24))
        try:
            cluster.create()
            yield cluster.url
        finally:
            cluster.stop()


def _identity() -> dict[str, Any]:
    """PostgreSQL refuses to serve as root: whom to run it as, as arguments for subprocess."""
    if os.geteuid():
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def follow(command: list[str], url: str) -> int:
    """The exit status of the command, which has ended when this returns or raises."""
    environment = os.environ | {"TEST_DATABASE_URL": url}
    with subprocess.Popen(command, env=environment) as child:  # noqa: S603 - the caller's own
        try:
            status = child.wait()
        except KeyboardInterrupt:
            with suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE)
            raise
        finally:
            child.terminate()
    return status if status >= 0 else 128 - status


def _stop(number: int, _frame: object) -> None:
    """Unwind once: what follows, often the same signal again, must not disturb the cleaning."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def main() -> int:
    programs = find_programs()
    if programs is None:
        sys.stdout.write("No PostgreSQL server is installed here: SQLite alone is tested.\n")
        return 1
    command = sys.argv[1:]
    if command == ["--find"]:
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        with server(programs) as url:
            return follow(command, url)
    except FailedError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
