"""Work that comes round again: sealing, tidying, forgetting what has had its time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from secrets import SystemRandom

import structlog

from portfolio.core.context import RequestContext, enter
from portfolio.core.errors import AppError, RetryableException
from portfolio.core.events import Event

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[object]]
_random = SystemRandom()


class Round:
    """One work: done at the start, then every so many seconds, and whenever it is woken.

    What goes wrong is logged, and tried again the next time.
    """

    def __init__(self, seconds: float, name: str, work: Work) -> None:
        self.name = name
        self._seconds = seconds
        self._work = work
        self._woken = asyncio.Event()
        self._stopping = False

    async def wake(self, _event: Event | None = None) -> None:
        """Do it soon; can be subscribed to an event."""
        self._woken.set()

    def start(self) -> asyncio.Task[None]:
        self._stopping = False
        return asyncio.create_task(self._run(), name=self.name)

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()

    async def _run(self) -> None:
        enter(RequestContext(request_id=self.name))
        while not self._stopping:
            self._woken.clear()
            try:
                await self._work()
            except (AppError, RetryableException) as error:
                log.warning("periodic.postponed", work=self.name, reason=str(error))
            except Exception:
                log.exception("periodic.failed", work=self.name)
            with suppress(TimeoutError):
                # Processes that started together need not come together.
                pause = self._seconds * _random.uniform(0.9, 1.1)
                await asyncio.wait_for(self._woken.wait(), pause)


class Periodic:
    """All such works of this process. Others may do the same at the same time."""

    def __init__(self) -> None:
        self._rounds: list[Round] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def every(self, seconds: float, name: str, work: Work) -> Round:
        """Have the work done from start() on. It must not mind to be done twice, or cut short."""
        made = Round(seconds, name, work)
        self._rounds.append(made)
        return made

    def start(self) -> None:
        """Each work in a task of its own: a slow one holds up no other."""
        self._tasks = {each.start() for each in self._rounds}

    async def stop(self, grace: float = 10) -> None:
        """Let what is being done end, for `grace` seconds."""
        for each in self._rounds:
            each.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
