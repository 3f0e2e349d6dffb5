"""Memory that all processes of a host share: a small file, and a lock for whoever changes it."""

import fcntl
import mmap
import os
from pathlib import Path
from time import monotonic

from portfolio.core.environment import SettingsError

_TAKE = fcntl.LOCK_EX | fcntl.LOCK_NB


class SharedFile:
    """`size` bytes at `memory`, all zero at first, which outlive the process.

    Raises SettingsError where the file cannot be made.
    """

    def __init__(self, path: Path, size: int) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.lock(1.0)
            try:
                if os.fstat(self._file).st_size != size:
                    # Written rather than stretched: a full disk says so here, not by SIGBUS later.
                    path.write_bytes(bytes(size))
                self.memory = mmap.mmap(self._file, size)
            finally:
                self.unlock()
        except OSError as error:
            raise SettingsError([f"DATA_DIR: {error.strerror}: {path}"]) from error

    def lock(self, patience: float) -> bool:
        """Whether it was free within so many seconds. It goes with the process that holds it."""
        give_up = 0.0
        while True:
            try:
                fcntl.flock(self._file, _TAKE)
            except BlockingIOError:
                now = monotonic()
                give_up = give_up or now + patience
                if now >= give_up:
                    return False
                os.sched_yield()
            else:
                return True

    def unlock(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        self.memory.close()
        os.close(self._file)
