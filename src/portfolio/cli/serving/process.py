"""One of several server processes, seen from its parent."""

import multiprocessing
import signal
from contextlib import suppress
from multiprocessing import resource_tracker
from socket import socket
from time import monotonic

from portfolio.cli.serving import worker

_spawn = multiprocessing.get_context("spawn")


class Process:
    """`generation` counts the restarts that were asked for before it was born."""

    def __init__(self, listener: socket, generation: int) -> None:
        self.generation = generation
        self.serves = False
        self._heard = monotonic()
        self.pipe, theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=worker.run, args=(listener, theirs))
        # Until it knows what to do with them, signals wait. The tracker's start would let them in.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, worker.HELD)
        self._process.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def sentinel(self) -> int:
        return self._process.sentinel

    @property
    def status(self) -> int | None:
        """None while it lives, and the negative number of the signal that killed it."""
        return self._process.exitcode

    @property
    def silent_for(self) -> float:
        """Seconds since it said something, or something was said to it."""
        return monotonic() - self._heard

    def tell(self, word: bytes) -> None:
        self._heard = monotonic()
        with suppress(OSError):
            self.pipe.send_bytes(word)

    def listen(self) -> None:
        with suppress(EOFError, OSError):
            while self.pipe.poll():
                self.pipe.recv_bytes()
                self._heard, self.serves = monotonic(), True

    def end(self) -> None:
        self._process.terminate()

    def wait(self, seconds: float) -> None:
        self._process.join(seconds)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
