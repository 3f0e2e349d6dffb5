from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import RetryableException
from portfolio.models.lockout import AttemptCounter


class AttemptCounterRepository:
    async def hold(self, db: AsyncSession, key: str, user_id: int | None = None) -> AttemptCounter:
        """The counter, which is nobody else's until this transaction ends.

        Raises RetryableException when somebody else makes it at the same moment.
        """
        counter = (await db.execute(_held(AttemptCounter.key == key))).scalar_one_or_none()
        if counter is None:
            counter = AttemptCounter(
                key=key, user_id=user_id, failures=0, streak=0, pending=0, locks=0
            )
            db.add(counter)
            try:
                await db.flush()
            except IntegrityError as error:
                raise RetryableException from error
        return counter

    async def find(self, db: AsyncSession, key: str) -> AttemptCounter | None:
        return (await db.execute(_held(AttemptCounter.key == key))).scalar_one_or_none()

    async def hold_all(
        self, db: AsyncSession, keys: Collection[str], user_id: int
    ) -> Sequence[AttemptCounter]:
        """Those with these keys, and all that are the user's own, held like by hold()."""
        wanted = or_(AttemptCounter.key.in_(keys), AttemptCounter.user_id == user_id)
        return (await db.execute(_held(wanted).order_by(AttemptCounter.key))).scalars().all()

    async def locked(self, db: AsyncSession, keys: Collection[str], now: datetime) -> set[str]:
        """Those of the keys that lock now."""
        statement = select(AttemptCounter.key).where(
            AttemptCounter.key.in_(keys), AttemptCounter.locked_until > now
        )
        return set((await db.execute(statement)).scalars())

    async def forget_before(self, db: AsyncSession, moment: datetime) -> None:
        """Delete counters untouched since then, unless they still lock."""
        await db.execute(
            delete(AttemptCounter)
            .where(
                AttemptCounter.updated_at < moment,
                or_(AttemptCounter.locked_until.is_(None), AttemptCounter.locked_until < moment),
            )
            .execution_options(synchronize_session=False)
        )


def _held(condition: ColumnElement[bool]) -> Select[AttemptCounter]:
    return (
        select(AttemptCounter)
        .where(condition)
        .with_for_update()
        .with_hint(AttemptCounter, "WITH (UPDLOCK, ROWLOCK)", "mssql")
        .execution_options(populate_existing=True)
    )
