import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.factories.clocks import Clock

from portfolio.adapters.limiter.policy import Policy
from portfolio.adapters.limiter.shared import SharedCounters
from portfolio.core.environment import SettingsError

POLICY = Policy("reads", "500/minute")
WORKER = """
import asyncio, sys
from pathlib import Path
from portfolio.adapters.limiter.policy import Policy
from portfolio.adapters.limiter.shared import SharedCounters

async def main():
    counters = SharedCounters(Path(sys.argv[1]))
    policy = Policy("reads", "500/minute")
    print("ready", flush=True)
    sys.stdin.readline()
    print(sum([(await counters.hit(policy, "somebody")).allowed for _ in range(300)]))

asyncio.run(main())
"""
ENDLESS = WORKER.replace("range(300)", "iter(int, 1)")


def worker(path: Path, code: str = WORKER) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, str(path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def start(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "limits"


class TestWorkers:
    @pytest.mark.requirement("19")
    def test_have_one_quota_together(self, path: Path) -> None:
        together = [worker(path) for _ in range(4)]
        for process in together:
            start(process)
        allowed = [int(process.communicate()[0]) for process in together]
        assert sum(allowed) == 500

    async def test_that_are_killed_hold_nobody_up(self, path: Path) -> None:
        killed = worker(path, ENDLESS)
        counters = SharedCounters(path)
        start(killed)
        # Refused once the other one has used up everything: it counts, and so do we.
        while (await counters.hit(POLICY, "somebody")).allowed:
            pass
        killed.kill()
        killed.communicate()
        assert not (await counters.hit(POLICY, "somebody")).allowed
        assert (await counters.hit(POLICY, "somebody else")).allowed

    async def test_that_are_stopped_within_an_update_hold_nobody_up(self, path: Path) -> None:
        counters = SharedCounters(path)
        with path.open("rb") as stopped:
            fcntl.flock(stopped, fcntl.LOCK_EX)
            assert (await counters.hit(Policy("login", "1/minute"), "somebody")).allowed
            assert not (await counters.hit(Policy("login", "1/minute"), "somebody")).allowed


def size_and_room(path: Path) -> tuple[int, int]:
    """In bytes: what it says, and what the disk has set aside for it."""
    found = path.stat()
    return found.st_size, found.st_blocks * 512


class TestFile:
    def test_is_there_for_its_owner_alone(self, path: Path) -> None:
        SharedCounters(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    async def test_stays_as_large_as_it_is(self, path: Path) -> None:
        counters = SharedCounters(path)
        for number in range(5000):
            await counters.hit(POLICY, str(number))
        assert size_and_room(path)[0] == 2 * 1024 * 1024

    def test_has_its_room_from_the_start(self, path: Path) -> None:
        SharedCounters(path)
        size, room = size_and_room(path)
        assert room >= size, "a full disk would end the process when it counts"

    async def test_keeps_counting_after_a_restart(self, path: Path) -> None:
        policy = Policy("login", "1/hour")
        first = SharedCounters(path)
        await first.hit(policy, "somebody")
        await first.close()
        assert not (await SharedCounters(path).hit(policy, "somebody")).allowed

    async def test_holds_nobody_after_the_hosts_clock_began_anew(
        self, path: Path, clock: Clock
    ) -> None:
        policy = Policy("login", "1/minute")
        clock.now = 1_000_000
        await SharedCounters(path, clock).hit(policy, "somebody")
        clock.now = 10
        counters = SharedCounters(path, clock)
        assert (await counters.hit(policy, "somebody")).allowed
        assert not (await counters.hit(policy, "somebody")).allowed

    async def test_gives_up_in_a_full_bucket_what_ends_first(
        self, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portfolio.adapters.limiter.shared._BUCKETS", 1)
        counters = SharedCounters(path, clock)
        policy = Policy("login", "1/minute")
        for number in range(9):
            await counters.hit(policy, str(number))
            clock.advance(1)
        for number in range(8, 0, -1):
            assert not (await counters.hit(policy, str(number))).allowed
        assert (await counters.hit(policy, "0")).allowed

    def test_that_cannot_be_made_stops_the_start(self, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("")
        with pytest.raises(SettingsError) as refused:
            SharedCounters(tmp_path / "run" / "limits")
        assert refused.value.lines[0].startswith("DATA_DIR: ")
