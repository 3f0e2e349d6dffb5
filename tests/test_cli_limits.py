"""Limits where they are hardest to keep: over several processes that share nothing else."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event

import pytest


@contextmanager
def serving(data_dir: Path, **variables: str) -> Iterator[int]:
    """The command, in processes of its own; the port that it listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "LOG_LEVEL": "error",
        **variables,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "portfolio", "serve"],
        env=environment,
        cwd=data_dir,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while status_of(port, "/health") != 200:
            assert process.poll() is None
            Event().wait(0.05)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def status_of(port: int, path: str) -> int:
    """Over a connection of its own, which any worker may take; 0 for no answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


@pytest.mark.requirement("19")
class TestWorkers:
    def test_have_one_quota_together(self, tmp_path: Path) -> None:
        limited = {"WORKERS": "3", "RATE_LIMIT_READS": "100/hour"}
        with serving(tmp_path, **limited) as port, ThreadPoolExecutor(20) as pool:
            found = list(pool.map(lambda _: status_of(port, "/api"), range(200)))
        assert found.count(429) == 100
        assert found.count(200) == 100
