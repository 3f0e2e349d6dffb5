"""Ten wrong codes block an account for an hour, whatever the codes were for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import TwoFactorBlocked
from portfolio.core.clock import utc_now
from portfolio.core.errors import AccountLockedException, InvalidCodeException
from portfolio.core.security import digest
from portfolio.db.repositories.lockout import AttemptCounterRepository
from portfolio.models.audit import Action
from portfolio.models.lockout import AttemptCounter, Rules
from portfolio.models.users import User
from portfolio.services.audit import AuditService
from portfolio.services.mail import MailService

CODES = Rules(limit=10, lock=timedelta(hours=1))


class Guard:
    def __init__(
        self, counters: AttemptCounterRepository, audit: AuditService, mail: MailService
    ) -> None:
        self._counters = counters
        self._audit = audit
        self._mail = mail

    async def hold(self, db: AsyncSession, user: User) -> AttemptCounter:
        """From here on one attempt at a time for each account, until the transaction ends.

        Raises AccountLockedException.
        """
        counter = await self._counters.hold(db, _key(user.id))
        seconds = counter.locked_for(utc_now())
        if seconds is not None:
            raise AccountLockedException(
                "Too many wrong codes; none is taken for now", retry_after=seconds
            )
        return counter

    @asynccontextmanager
    async def attempt(self, db: AsyncSession, user: User) -> AsyncIterator[None]:
        """Around the look at a code, which raises InvalidCodeException if it is wrong.

        Raises AccountLockedException without a look.
        """
        counter, now = await self.hold(db, user), utc_now()
        counter.begin(now, CODES)
        try:
            yield
        except InvalidCodeException:
            await self._refused(db, user, Action.TWO_FACTOR_FAILED)
            if counter.fail(now, CODES):
                await self._refused(db, user, Action.TWO_FACTOR_BLOCKED)
                notice = TwoFactorBlocked(name=user.display_name, until=now + CODES.lock, at=now)
                await self._mail.send(db, user.email, notice)
            raise
        counter.release()
        counter.clear()

    async def lift(self, db: AsyncSession, user_id: int) -> None:
        """Take codes again, whatever was tried."""
        counter = await self._counters.find(db, _key(user_id))
        if counter is not None:
            counter.clear()

    async def _refused(self, db: AsyncSession, user: User, action: Action) -> None:
        await self._audit.record(db, action, target=("user", user.id))


def _key(user_id: int) -> str:
    return digest(f"two factors\0{user_id}")
