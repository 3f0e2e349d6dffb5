"""Each picture in a process of its own, which others neither see nor miss."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from tests.factories import photos

from portfolio.adapters.imaging import Imaging, Renditions
from portfolio.adapters.rendering.__main__ import MEMORY
from portfolio.core.errors import InvalidInputException, UnavailableException

NewLoop = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Keeps a process busy for a while."""
    path = tmp_path / "large"
    path.write_bytes(photos.encoded(photos.quarters(6000, 5000)))
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small"
    path.write_bytes(photos.encoded(photos.quarters(60, 40)))
    return path


@asynccontextmanager
async def busy(
    imaging: Imaging, source: Path, folder: Path
) -> AsyncIterator[tuple[asyncio.Task[Renditions], int]]:
    """A rendering under way, with the id of its process."""
    task = asyncio.create_task(imaging.render(source, folder))
    try:
        while not imaging._running:  # noqa: ASYNC110 - nobody else waits for this
            await asyncio.sleep(0.005)
        (process,) = imaging._running
        yield task, process.pid
    finally:
        task.cancel()
        await asyncio.wait([task])


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def what_it_has(pid: int) -> tuple[bytes, list[str]]:
    """Its environment and its open files, once it has confined itself to so much memory."""
    process = Path(f"/proc/{pid}")
    while str(MEMORY) not in (process / "limits").read_text():
        os.sched_yield()
    files = [str(each.readlink()) for each in (process / "fd").iterdir()]
    return (process / "environ").read_bytes(), files


class TestProcess:
    async def test_that_is_killed_stops_no_other(
        self, imaging: Imaging, large: Path, small: Path, tmp_path: Path
    ) -> None:
        async with busy(imaging, large, tmp_path) as (task, pid):
            other = asyncio.create_task(imaging.render(small, tmp_path))
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(InvalidInputException):
                await task
            assert (await other).original.width == 60
        assert (await imaging.render(small, tmp_path)).original.width == 60

    async def test_that_takes_too_long_is_killed(self, large: Path, tmp_path: Path) -> None:
        imaging = Imaging(workers=1, seconds=0.3)
        async with busy(imaging, large, tmp_path) as (task, pid):
            with pytest.raises(InvalidInputException, match="seconds"):
                await task
            assert not is_running(pid)

    async def test_ends_with_the_request(
        self, imaging: Imaging, large: Path, tmp_path: Path
    ) -> None:
        async with busy(imaging, large, tmp_path) as (task, pid):
            task.cancel()
            await asyncio.wait([task])
            assert not is_running(pid)

    async def test_ends_with_the_server(
        self, imaging: Imaging, large: Path, small: Path, tmp_path: Path
    ) -> None:
        async with busy(imaging, large, tmp_path) as (task, pid):
            await imaging.close()
            assert not is_running(pid)
            for each in (task, imaging.render(small, tmp_path)):
                with pytest.raises(UnavailableException):
                    await each

    @pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux tells")
    @pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
    def test_has_limits_and_nothing_of_the_server(
        self, new_loop: NewLoop, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SECRET_KEY", "a secret of the server")
        held = (tmp_path / "held").open("w")

        async def look() -> tuple[bytes, list[str]]:
            async with busy(Imaging(), large, tmp_path) as (_, pid):
                return await asyncio.to_thread(what_it_has, pid)

        with held, asyncio.Runner(loop_factory=new_loop) as runner:
            os.set_inheritable(held.fileno(), True)
            environment, files = runner.run(look())
        assert b"secret" not in environment
        assert held.name not in files

    async def test_leaves_nothing_running(
        self, imaging: Imaging, small: Path, tmp_path: Path
    ) -> None:
        await imaging.render(small, tmp_path)
        assert not imaging._running


class TestMany:
    async def test_are_rendered_in_turn(
        self, imaging: Imaging, small: Path, tmp_path: Path
    ) -> None:
        folders = [tmp_path / str(nth) for nth in range(20)]
        for folder in folders:
            folder.mkdir()
        tasks = [asyncio.create_task(imaging.render(small, folder)) for folder in folders]
        most = 0
        while not all(task.done() for task in tasks):
            most = max(most, len(imaging._running))
            await asyncio.sleep(0.005)
        assert {(await task).original.width for task in tasks} == {60}
        assert most <= 2
