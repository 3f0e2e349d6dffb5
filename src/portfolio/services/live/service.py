from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.events import Event, emit
from portfolio.db.repositories.live import LiveEventRepository
from portfolio.models.live import Audience, LiveEvent, LiveType


@dataclass(frozen=True, slots=True)
class Told(Event):
    """There is a new row of live_events."""


class LiveService:
    def __init__(self, events: LiveEventRepository) -> None:
        self._events = events

    async def tell(
        self,
        db: AsyncSession,
        topic: str,
        kind: LiveType,
        data: dict[str, Any],
        audience: Audience = Audience.EVERYONE,
    ) -> None:
        """Have the subscribers of this topic told after the commit, in every process.

        `data` is JSON, and all that a page needs to show it without asking. What concerns
        something that is not public goes to moderators only.
        """
        event = LiveEvent(topic=topic, type=kind, data=data, audience=audience)
        await self._events.add(db, event)
        emit(db, Told())
