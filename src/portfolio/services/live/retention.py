from datetime import timedelta

from portfolio.core.clock import utc_now
from portfolio.db.repositories.live import LiveEventRepository
from portfolio.db.session import Database

KEPT = timedelta(minutes=5)


class LiveRetention:
    def __init__(self, database: Database, events: LiveEventRepository) -> None:
        self._database = database
        self._events = events

    async def forget(self) -> None:
        """Delete events that are older than five minutes, if there are any."""
        before = utc_now() - KEPT
        async with self._database.reading() as db:
            if not await self._events.has_older(db, before):
                return
        async with self._database.transaction() as db:
            await self._events.forget(db, before)
