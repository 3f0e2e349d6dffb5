"""Things that happened, told to whoever cares, and only once they are committed."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class JobQueued(Event):
    """The outbox has a new row: wake its worker."""


@dataclass(frozen=True, slots=True)
class Changed(Event):
    """Public content is no longer what it was: the tags (core/cache_tags.py) to be raised."""

    tags: frozenset[str]


class Session(Protocol):
    """What emit() needs of a database session: a place that lives as long as it does."""

    @property
    def info(self) -> dict[Any, Any]: ...


E = TypeVar("E", bound=Event)
_PENDING, _TOUCHED = "pending_events", "touched_tags"


def emit(db: Session, event: Event) -> None:
    """Have the event delivered after the commit of this session; a rollback drops it."""
    db.info.setdefault(_PENDING, []).append(event)


def touch(db: Session, tags: Iterable[str]) -> None:
    """Have one Changed event tell of these tags too."""
    db.info.setdefault(_TOUCHED, set()).update(tags)


def take(db: Session) -> list[Event]:
    """Remove and return what was emitted, changes first; called by the owner of the transaction."""
    events: list[Event] = db.info.pop(_PENDING, [])
    return [*take_changes(db), *events]


def take_changes(db: Session) -> list[Event]:
    """Remove and return the Changed event of this session, if it touched anything."""
    tags = db.info.pop(_TOUCHED, None)
    return [Changed(frozenset(tags))] if tags else []


class EventBus:
    """Subscribers by event class, in the order in which they came."""

    def __init__(self) -> None:
        self._subscribers: list[tuple[type[Event], Callable[[Any], Awaitable[None]]]] = []

    def subscribe(self, kind: type[E], handler: Callable[[E], Awaitable[None]]) -> None:
        self._subscribers.append((kind, handler))

    async def deliver(self, events: list[Event]) -> None:
        """Tell everyone. The commit stands: a failing subscriber is logged, never raised."""
        for event in events:
            for kind, handler in self._subscribers:
                if isinstance(event, kind):
                    try:
                        await handler(event)
                    except Exception:
                        log.exception("event.subscriber_failed", event_class=type(event).__name__)
