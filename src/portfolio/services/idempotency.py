from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException, RetryableException
from portfolio.core.security import digest
from portfolio.db.repositories.bookkeeping import IdempotencyRepository
from portfolio.models.bookkeeping import IdempotencyKey

KEPT = timedelta(days=1)


class IdempotencyService:
    """Answers by key, kept for a day."""

    def __init__(self, keys: IdempotencyRepository) -> None:
        self._keys = keys

    async def forget(self, db: AsyncSession, user_id: int) -> None:
        """Every answer that this account got."""
        await self._keys.forget(db, scope_of(user_id))

    async def claim(
        self, db: AsyncSession, scope: str, key: str, fingerprint: str
    ) -> IdempotencyKey:
        """The row of this key: new (`status` is None) or with the answer that was given."""
        await self._keys.forget_before(db, utc_now() - KEPT)
        known = await self._keys.find(db, scope, key)
        if known is not None:
            return known
        try:
            return await self._keys.add(
                db, IdempotencyKey(scope=scope, key=key, fingerprint=fingerprint)
            )
        except ConflictException as error:
            # The first request has ended while we waited: look again in a new transaction.
            raise RetryableException from error

    async def store(
        self,
        db: AsyncSession,
        claim: IdempotencyKey,
        status: int,
        headers: dict[str, str],
        body: str,
    ) -> None:
        claim.status, claim.headers, claim.body = status, headers, body
        await self._keys.flush(db)


def scope_of(user_id: int) -> str:
    """Whose key it is: others may use the same."""
    return f"user:{user_id}"


def visitors_scope(client: str) -> str:
    """The same for who has no account. The address itself is not kept."""
    return f"client:{digest(client)}"
