"""Hands new events to whoever listens in this process."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress

import structlog

from portfolio.adapters.bell import Bell
from portfolio.core.clock import utc_now
from portfolio.core.context import RequestContext, enter
from portfolio.core.errors import AppError, RetryableException
from portfolio.core.events import Event
from portfolio.db.repositories.live import LiveEventRepository, StoredEvent
from portfolio.db.session import Database
from portfolio.models.live import Audience, LiveType
from portfolio.services.live.access import Listener, LiveAccess
from portfolio.services.live.messages import Message
from portfolio.services.live.progress import MOST_MISSING, Cursor, Progress
from portfolio.services.live.subscriber import (
    RESTART,
    ROLE_LOST,
    SIGNED_OUT,
    End,
    Subscriber,
)

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 1.0  # at most between two looks, whether or not the bell was heard
_WATCH_SECONDS = 2.0
_FAREWELL_SECONDS = 2.0  # in which a connection can end by itself
_AT_ONCE = 500
_WORDS = {LiveType.COMMENT_CREATED, LiveType.COMMENT_UPDATED}
_MOST_REPEATED = 200  # of what somebody has missed; who missed more reads the page anew


class Hub:
    """Reads live_events after the bell was heard, and once a second; nothing while nobody listens.

    The rows are the truth, for this process as for the others: what is read is what was committed,
    and nobody is told anything twice.
    """

    def __init__(
        self, database: Database, events: LiveEventRepository, access: LiveAccess, bell: Bell
    ) -> None:
        self._database = database
        self._events = events
        self._access = access
        self._bell = bell
        self._subscribers: set[Subscriber] = set()
        # By topic, then by the name that clients use for it.
        self._topics: dict[str, dict[str, set[Subscriber]]] = {}
        self._progress: Progress | None = None
        self._reading = asyncio.Lock()
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.ending = False

    @property
    def cursor(self) -> Cursor:
        """What everybody has who was told all that was handed out."""
        return self._progress.cursor if self._progress else Cursor(0)

    def join(self, subscriber: Subscriber) -> None:
        """From now on it is watched whether they may still listen. To be followed by leave()."""
        self._subscribers.add(subscriber)
        if self.ending:
            subscriber.finish(RESTART)
        elif not self._tasks:
            self._tasks = {
                asyncio.create_task(work, name="live")
                for work in (
                    self._again(_LOOK_SECONDS, self.look, self._woken),
                    self._again(_WATCH_SECONDS, self.watch, asyncio.Event()),
                    self._bell.listen(self._woken.set),
                )
            }

    def leave(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)
        for name in [*subscriber.topics]:
            self.unsubscribe(subscriber, name)
        if not self._subscribers:
            self._rest()

    async def subscribe(
        self,
        subscriber: Subscriber,
        topics: Mapping[str, str],
        last: str | None,
        begin: Callable[[Cursor], None],
    ) -> None:
        """Send what comes for these topics, by the names that the client uses.

        `last`: the id of the last event that they have; what came since is sent first. `begin` is
        called in between with what they have once they were sent nothing more. Raises
        UnavailableException.
        """
        async with self._reading:
            progress = await self._read_on()
            missed = None
            if last is not None:
                missed = await self._missed(progress, last, set(topics.values()), subscriber.who)
            begin(progress.cursor)
            if subscriber not in self._subscribers:
                return
            for name, topic in topics.items():
                if last is not None and missed is None:
                    subscriber.tell(Message("reset", str(progress.cursor), name, utc_now(), {}))
                subscriber.topics[name] = topic
                self._topics.setdefault(topic, {}).setdefault(name, set()).add(subscriber)
            for event, cursor in missed or ():
                for name, topic in topics.items():
                    if topic == event.topic:
                        subscriber.tell(_message(event, cursor, name))

    def unsubscribe(self, subscriber: Subscriber, name: str) -> None:
        topic = subscriber.topics.pop(name, "")
        names = self._topics.get(topic, {})
        names.get(name, set()).discard(subscriber)
        if not names.get(name):
            names.pop(name, None)
        if not names:
            self._topics.pop(topic, None)

    async def told(self, _event: Event) -> None:
        """For the bus: this process has committed something."""
        self._woken.set()

    async def look(self) -> None:
        """Hand out what is new. Raises UnavailableException."""
        if self._topics:
            async with self._reading:
                await self._read_on()

    async def watch(self) -> None:
        """End the connections of those who may listen no longer. Raises UnavailableException."""
        watched = [(each, each.who) for each in self._subscribers if each.who is not None]
        standing = await self._access.standing([who for _, who in watched])
        for each, who in watched:
            found = standing.get(who)
            if found is None or found.password_hash != who.identity.user.password_hash:
                self._finish(each, SIGNED_OUT)
            elif found.role is not who.role:
                self._finish(each, ROLE_LOST if who.identity.user.is_admin else SIGNED_OUT)

    async def end(self) -> None:
        """Everybody is told that the server restarts; who comes later, at once."""
        self.ending = True
        for each in [*self._subscribers]:
            self._finish(each, RESTART)

    async def stop(self) -> None:
        await self.end()
        tasks = self._tasks
        self._rest()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finish(self, subscriber: Subscriber, end: End) -> None:
        subscriber.finish(end)
        asyncio.get_running_loop().call_later(_FAREWELL_SECONDS, self._cut, subscriber)

    def _cut(self, subscriber: Subscriber) -> None:
        if subscriber in self._subscribers:
            subscriber.cut()

    def _rest(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = set()
        self._progress = None

    async def _read_on(self) -> Progress:
        """Hand out what is new to this process, which begins with what is there now."""
        if self._progress is None:
            async with self._database.reading() as db:
                known = await self._events.last(db, MOST_MISSING)
            self._progress = Progress(known[-1] if known else 0, known)
        progress = self._progress
        while True:
            async with self._database.reading() as db:
                found = await self._events.since(db, progress.newest, progress.missing, _AT_ONCE)
            staff = await self._moderators(found)
            for event in found:
                progress.note(event.id)
                self._hand_out(event, progress.cursor, staff)
            if len(found) < _AT_ONCE:
                return progress

    def _hand_out(
        self, event: StoredEvent, cursor: Cursor, staff: Mapping[str, set[Listener]]
    ) -> None:
        may = staff[event.topic] if event.audience is Audience.MODERATORS else None
        for name, subscribers in self._topics.get(event.topic, {}).items():
            message = _message(event, cursor, name)
            for each in [*subscribers]:
                if may is None or each.who in may:
                    each.tell(message)

    async def _moderators(self, events: Iterable[StoredEvent]) -> dict[str, set[Listener]]:
        """By topic those who listen and may hear what is for moderators, as of now."""
        topics = {event.topic for event in events if event.audience is Audience.MODERATORS}
        listening = {
            topic: [
                each.who
                for subscribers in self._topics.get(topic, {}).values()
                for each in subscribers
                if each.who is not None
            ]
            for topic in topics
        }
        return await self._hearing(listening)

    async def _hearing(
        self, listening: Mapping[str, Collection[Listener]]
    ) -> dict[str, set[Listener]]:
        everybody = {who for listeners in listening.values() for who in listeners}
        standing = await self._access.standing(everybody)
        return {
            topic: {
                who
                for who in listeners
                if who in standing and self._access.hears(standing[who], topic)
            }
            for topic, listeners in listening.items()
        }

    async def _missed(
        self, progress: Progress, last: str, topics: Collection[str], who: Listener | None
    ) -> list[tuple[StoredEvent, Cursor]] | None:
        """What came since, with what they have then; None where nobody can tell, or it is much."""
        known = Cursor.parse(last)
        if known is None or known.newest > progress.newest:
            return None
        async with self._database.reading() as db:
            oldest = await self._events.oldest(db)
            if known.newest < progress.newest and (oldest is None or known.newest < oldest - 1):
                return None
            found = await self._events.since(
                db, known.newest, known.missing, _MOST_REPEATED + 1, topics
            )
        if len(found) > _MOST_REPEATED:
            return None
        staff = await self._hearing({topic: [who] for topic in topics} if who else {})
        cursor = Cursor(known.newest, known.missing | progress.missing)
        missed = []
        gone = {
            event.data.get("id"): event.id
            for event in found
            if event.type is LiveType.COMMENT_DELETED
        }
        for event in found:
            # What was committed just now comes as soon as it is read for all.
            if event.id > progress.newest or event.id in progress.missing:
                continue
            # Words that were taken back are not said again, not even for a moment.
            if event.type in _WORDS and event.id < gone.get(event.data.get("id"), 0):
                continue
            cursor = cursor.after(event.id)
            if event.audience is Audience.EVERYONE or who in staff.get(event.topic, ()):
                missed.append((event, cursor))
        return missed

    async def _again(
        self, seconds: float, work: Callable[[], Awaitable[None]], woken: asyncio.Event
    ) -> None:
        enter(RequestContext(request_id="live"))
        away = False
        while True:
            woken.clear()
            try:
                await work()
                if away:
                    log.info("live.database_back")
                away = False
            except (AppError, RetryableException) as error:
                if not away:
                    log.warning("live.database_away", reason=str(error))
                away = True
            except Exception:
                log.exception("live.failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await woken.wait()


def _message(event: StoredEvent, cursor: Cursor, name: str) -> Message:
    return Message(event.type, str(cursor), name, event.created_at, event.data)
