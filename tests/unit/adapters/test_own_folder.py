import os
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from portfolio.adapters.own_folder import OwnFolder
from portfolio.core.environment import SettingsError
from portfolio.core.errors import (
    InsufficientStorageException,
    NotFoundException,
    UnavailableException,
)

MAKE_AND_WAIT = """
import sys
from pathlib import Path
from portfolio.adapters.own_folder import OwnFolder
own = OwnFolder(Path(sys.argv[1]))
(own.path / "half").write_text("an upload")
print(own.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> "subprocess.Popen[str]":
    """Another process, with a folder of its own beside ours."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", MAKE_AND_WAIT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def folder_of(process: "subprocess.Popen[str]") -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


class TestOwnFolder:
    def test_is_for_its_owner_alone(self, tmp_path: Path) -> None:
        first, second = OwnFolder(tmp_path / "run"), OwnFolder(tmp_path / "run")
        assert first.path != second.path
        assert first.path.stat().st_mode & 0o077 == 0

    async def test_stays_while_its_process_lives_and_goes_after_it(
        self, tmp_path: Path, other: "subprocess.Popen[str]"
    ) -> None:
        theirs = folder_of(other)
        own = OwnFolder(tmp_path)
        await own.clear()
        assert (theirs / "half").exists()
        os.kill(other.pid, signal.SIGKILL)
        other.communicate()
        await own.clear()
        assert not theirs.exists()
        assert own.path.is_dir()

    async def test_can_be_made_while_somebody_writes_into_what_is_left(
        self, tmp_path: Path
    ) -> None:
        left = tmp_path / "left"

        def write(begun: Event, done: Event) -> None:
            with suppress(FileNotFoundError):
                for number in count():
                    (left / str(number)).touch()
                    begun.set()
                    if done.is_set():
                        return

        for _ in range(20):
            left.mkdir(exist_ok=True)
            begun, done = Event(), Event()
            writer = Thread(target=write, args=(begun, done))
            writer.start()
            begun.wait()
            try:
                OwnFolder(tmp_path).close()
            finally:
                done.set()
                writer.join()
        await OwnFolder(tmp_path).clear()
        assert not left.exists()

    async def test_leaves_alone_what_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "note").write_text("somebody's")
        await OwnFolder(tmp_path).clear()
        assert (tmp_path / "note").exists()

    def test_says_what_to_do_where_it_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("in the way")
        with pytest.raises(SettingsError, match="DATA_DIR"):
            OwnFolder(tmp_path / "run" / "staging")


def left_in(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


def work(own: OwnFolder, onto: Path | None = None, fails: Exception | None = None) -> Path:
    with own.room() as folder:
        if onto is not None:
            (folder / "half").symlink_to(onto)
        (folder / "half").write_text("a picture")
        if fails is not None:
            raise fails
    return folder


class TestRoom:
    def test_goes_with_all_that_is_in_it(self, tmp_path: Path) -> None:
        own = OwnFolder(tmp_path)
        assert work(own).parent == own.path
        assert left_in(own.path) == []

    def test_goes_when_its_work_fails(self, tmp_path: Path) -> None:
        own = OwnFolder(tmp_path)
        with pytest.raises(NotFoundException):
            work(own, fails=NotFoundException())
        assert left_in(own.path) == []

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is full")
    def test_says_that_the_disk_is_full(self, tmp_path: Path) -> None:
        own = OwnFolder(tmp_path)
        with pytest.raises(InsufficientStorageException):
            work(own, onto=Path("/dev/full"))
        assert left_in(own.path) == []

    def test_says_that_it_cannot_be_had(self, tmp_path: Path) -> None:
        own = OwnFolder(tmp_path)
        own.close()
        with pytest.raises(UnavailableException), own.room():
            pass
