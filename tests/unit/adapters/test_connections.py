"""Connections that are counted by all processes of a host."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portfolio.adapters.connections import HostConnections

OTHER = """
import sys
from pathlib import Path
from portfolio.adapters.connections import HostConnections
counted = HostConnections(Path(sys.argv[1]))
print(counted.add({"a": 3}) is not None, counted.add({"a": 3}) is not None, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[HostConnections]:
    connections = HostConnections(tmp_path / "open")
    yield connections
    connections.close()


class TestAdd:
    def test_counts_up_to_the_limit(self, counted: HostConnections) -> None:
        taken = counted.add({"a": 1})
        assert taken is not None
        assert counted.add({"a": 1}) is None
        assert counted.add({"b": 1}) is not None
        counted.remove(taken)
        assert counted.add({"a": 1}) is not None

    def test_counts_for_all_keys_or_none(self, counted: HostConnections) -> None:
        assert counted.add({"a": 1}) is not None
        assert counted.add({"a": 1, "b": 1}) is None
        assert counted.add({"b": 1}) is not None

    def test_counts_what_other_processes_have_for_as_long_as_they_live(
        self, counted: HostConnections, tmp_path: Path
    ) -> None:
        assert counted.add({"a": 3}) is not None
        other = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", OTHER, str(tmp_path / "open")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"True True\n"
            assert counted.add({"a": 3}) is None
            other.kill()
            other.wait()
        assert counted.add({"a": 3}) is not None
        assert len(list((tmp_path / "open").iterdir())) == 1


class TestOpen:
    def test_waits_for_the_first_one(self, tmp_path: Path) -> None:
        HostConnections(tmp_path / "open").close()
        assert not (tmp_path / "open").exists()
