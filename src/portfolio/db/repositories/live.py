from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.models.live import LiveEvent


class LiveEventRepository:
    async def add(self, db: AsyncSession, event: LiveEvent) -> None:
        db.add(event)
        await db.flush()
