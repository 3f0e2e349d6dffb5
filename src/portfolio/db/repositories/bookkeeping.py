from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import ConflictException
from portfolio.db.repositories.base import BaseRepository
from portfolio.models.bookkeeping import IdempotencyKey, ImportSource


class IdempotencyRepository:
    async def find(self, db: AsyncSession, scope: str, key: str) -> IdempotencyKey | None:
        statement = select(IdempotencyKey).where(
            IdempotencyKey.scope == scope, IdempotencyKey.key == key
        )
        return (await db.execute(statement)).scalar_one_or_none()

    async def add(self, db: AsyncSession, row: IdempotencyKey) -> IdempotencyKey:
        """Waits for a transaction that holds the same key. Raises ConflictException."""
        try:
            async with db.begin_nested():
                db.add(row)
        except IntegrityError as error:
            raise ConflictException from error
        return row

    async def flush(self, db: AsyncSession) -> None:
        await db.flush()

    async def forget_before(self, db: AsyncSession, moment: datetime) -> None:
        await db.execute(
            delete(IdempotencyKey)
            .where(IdempotencyKey.created_at < moment)
            .execution_options(synchronize_session=False)
        )


class ImportSourceRepository(BaseRepository[ImportSource]):
    model = ImportSource

    async def by_source(self, db: AsyncSession, source: str) -> ImportSource | None:
        return await self.first(db, ImportSource.source == source)
