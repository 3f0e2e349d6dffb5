"""Several server processes on one socket."""

import signal
import sys
from collections import deque
from contextlib import suppress
from multiprocessing import connection
from socket import socket, socketpair
from time import monotonic
from typing import Self

import structlog

from portfolio.cli.serving import metrics
from portfolio.cli.serving.process import Process
from portfolio.cli.serving.worker import BEGIN, LAST, RETIRE
from portfolio.core.config.server import MOST_WORKERS
from portfolio.core.environment import SettingsError

log = structlog.get_logger(__name__)

_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
_HEARD = {*_ENDING, signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU}
_SLOWEST_START = 120.0  # seconds until a worker serves
_LONGEST_SILENCE = 30.0  # seconds after which the event loop of a worker hangs
_LONGEST_PAUSE = 30.0
_TURN = 1.0


class Supervisor:
    """Keeps `count` workers on `listener`; leaving the `with` ends them all.

    They load while the parent prepares what they share, and begin with run(). Who dies or hangs is
    replaced. Who cannot start is tried again after growing pauses, and ends the whole only while
    nobody has ever served.
    """

    def __init__(self, listener: socket, count: int) -> None:
        self._listener, self._count = listener, count
        self._workers: list[Process] = []
        self._leaving: list[Process] = []
        self._generation = 0
        self._restarts = self._ends = self._has_served = False
        self._pause = self._not_before = 0.0
        self._signals: deque[int] = deque()
        self._has_terminal = _is_on_terminal()

    def __enter__(self) -> Self:
        self._workers = [Process(self._listener, 0) for _ in range(self._count)]
        return self

    def __exit__(self, *_outcome: object) -> None:
        everybody = self._workers + self._leaving
        for each in everybody:
            each.end()
        until = monotonic() + LAST
        for each in everybody:
            each.wait(max(0.0, until - monotonic()))
            each.kill()

    def run(self) -> None:
        """Until a signal ends it. Raises SettingsError if no worker can start."""
        for each in self._workers:
            each.tell(BEGIN)
        woken, waker = socketpair()
        with woken, waker:
            woken.setblocking(False)
            waker.setblocking(False)
            signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
            for number in _HEARD:
                signal.signal(number, lambda number, _: self._signals.append(number))
            while not self._ends:
                self._wait(woken)
                self._obey()
                self._reap()
                self._fill()
            signal.set_wakeup_fd(-1)

    def _wait(self, woken: socket) -> None:
        """Until a signal, a death or a sign of life."""
        sentinels = [each.sentinel for each in self._workers + self._leaving]
        connection.wait([woken, *sentinels, *(each.pipe for each in self._workers)], _TURN)
        with suppress(BlockingIOError):
            woken.recv(4096)
        for each in self._workers:
            each.listen()
        self._has_served |= any(each.serves for each in self._workers)

    def _obey(self) -> None:
        while self._signals:
            number = self._signals.popleft()
            # A terminal that was closed is no wish for new workers.
            gone = number == signal.SIGHUP and self._has_terminal and not _is_on_terminal()
            if gone or number in _ENDING:
                log.info("server.ending")
                self._ends = True
            elif number == signal.SIGHUP:
                log.info("server.restarting")
                self._restarts, self._not_before = True, 0.0
                self._generation += 1
            else:
                change = 1 if number == signal.SIGTTIN else -1
                self._count = min(max(1, self._count + change), MOST_WORKERS)
                log.info("server.workers", count=self._count)

    def _reap(self) -> None:
        for each in [*self._leaving]:
            if _has_ended(each, LAST):
                self._leaving.remove(each)
        for each in [*self._workers]:
            if _has_ended(each, _LONGEST_SILENCE if each.serves else _SLOWEST_START):
                self._workers.remove(each)
                self._back_off(each)

    def _back_off(self, worker: Process) -> None:
        """One that has served is replaced at once; one that could not start, after a pause."""
        if self._ends:
            return
        log.error("worker.died", pid=worker.pid, status=worker.status)
        if worker.serves:
            return
        if not self._has_served:
            raise SettingsError(["No worker could start; the reason stands above"])
        self._pause = min(max(1.0, self._pause * 2), _LONGEST_PAUSE)
        self._not_before = monotonic() + self._pause
        if self._restarts:
            log.error("server.restart_given_up")
            self._restarts = False
            for each in self._workers:
                each.generation = self._generation

    def _fill(self) -> None:
        """As many as there should be; in a restart each new one serves before an old one goes."""
        old = [each for each in self._workers if each.generation < self._generation]
        steady = all(each.serves for each in self._workers) and not self._leaving
        if steady and len(self._workers) == self._count:
            self._pause = 0.0
            if self._restarts and not old:
                log.info("server.restarted")
                self._restarts = False
        wanted = self._count + bool(old and steady)
        if len(self._workers) < wanted:
            if monotonic() >= self._not_before:
                self._add(wanted - len(self._workers))
        elif len(self._workers) > self._count and (steady or not old):
            self._retire((old or self._workers[::-1])[0])

    def _add(self, count: int) -> None:
        for _ in range(count):
            worker = Process(self._listener, self._generation)
            worker.tell(BEGIN)
            self._workers.append(worker)
            log.info("worker.added", pid=worker.pid)

    def _retire(self, worker: Process) -> None:
        log.info("worker.retired", pid=worker.pid)
        self._workers.remove(worker)
        self._leaving.append(worker)
        worker.tell(RETIRE)


def _has_ended(worker: Process, patience: float) -> bool:
    """One that has been silent for longer than these seconds is killed first."""
    if worker.status is None and worker.silent_for > patience:
        log.error("worker.hung", pid=worker.pid)
        worker.kill()
    if worker.status is None:
        return False
    metrics.forget(worker.pid)
    return True


def _is_on_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
