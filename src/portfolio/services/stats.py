"""What there is, in numbers."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.db.repositories.stats import StatsRepository
from portfolio.models.projections import Stats
from portfolio.services.mail import SEND_MAIL
from portfolio.services.sessions import IDLE


class StatsService:
    def __init__(self, stats: StatsRepository) -> None:
        self._stats = stats

    async def read(self, db: AsyncSession) -> Stats:
        now = utc_now()
        return await self._stats.read(db, now, now - IDLE, SEND_MAIL)
