"""One of several server processes, seen from within."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from socket import socket
from time import sleep

from portfolio.cli.loading import load
from portfolio.core.environment import SettingsError

BEGIN, RETIRE, BEAT = b"begin", b"retire", b"."
HELD = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
LAST = 28.5  # seconds after which nothing is waited for any more
_CANNOT_START = 3


class Lifeline:
    """The pipe to the parent, which breaks when that ends, however it does.

    The parent says when to begin and when to retire; the worker says that it lives, and does so
    from its event loop, so that one which hangs is silent.
    """

    def __init__(self, pipe: Connection) -> None:
        os.set_blocking(pipe.fileno(), False)
        self._pipe = pipe
        self._heard = threading.Event()
        self._is_broken = False
        self.retire: Callable[[], None] = _end
        threading.Thread(target=self._listen, daemon=True).start()

    def may_begin(self) -> bool:
        """Waits for the parent's word; False if the parent has ended."""
        self._heard.wait()
        return not self._is_broken

    def beat(self) -> None:
        # A parent that is stopped reads nothing, and must not stop us.
        with suppress(OSError):
            self._pipe.send_bytes(BEAT)

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while self._pipe.poll(None):
                if self._pipe.recv_bytes() == RETIRE:
                    self.retire()
                self._heard.set()
        self._is_broken = True
        self._heard.set()
        _end()
        sleep(LAST)
        os._exit(1)


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def end_quietly() -> None:
    """An orderly stop is no failure: uvicorn raises the signal again once it has drained."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: sys.exit(0))


def run(listener: socket, pipe: Connection) -> None:
    """The whole life of the process."""
    end_quietly()
    # The parent's business, but a terminal tells everybody.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
    lifeline = Lifeline(pipe)
    try:
        app = load("portfolio.main").create_app(prepared=True)
        server = load("portfolio.cli.serving.draining").DrainingServer(app, lifeline.beat)
        migrate = load("portfolio.db.migrate")
        if lifeline.may_begin():
            lifeline.retire = server.retire
            server.begin(
                listener, migrate.require_current(app.state.services.database.engines.write)
            )
    except SettingsError as error:
        # What stops everybody is said by the parent, who met it too.
        if lifeline.may_begin():
            sys.stderr.write("".join(f"{line}\n" for line in error.lines))
        sys.exit(_CANNOT_START)
