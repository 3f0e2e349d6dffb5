"""Codes on paper, for when everything else is lost. They stand in for a factor and are none."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import TwoFactorChange, TwoFactorChanged
from portfolio.core.clock import utc_now
from portfolio.core.codes import plain, recovery_codes
from portfolio.core.security import digest
from portfolio.db.repositories.two_factor import RecoveryCodeRepository
from portfolio.models.audit import Action
from portfolio.models.two_factor import LoginChallenge, Method
from portfolio.models.users import User
from portfolio.services.audit import AuditService
from portfolio.services.mail import MailService


class RecoveryCodeFactor:
    method = Method.RECOVERY_CODE

    def __init__(
        self, codes: RecoveryCodeRepository, audit: AuditService, mail: MailService
    ) -> None:
        self._codes = codes
        self._audit = audit
        self._mail = mail

    async def left(self, db: AsyncSession, user: User) -> int:
        return await self._codes.left(db, user.id)

    async def is_ready(self, db: AsyncSession, user: User) -> bool:
        return await self.left(db, user) > 0

    async def verify(
        self, db: AsyncSession, user: User, challenge: LoginChallenge | None, code: str
    ) -> bool:
        """The owner hears of each one that is used."""
        del challenge
        now = utc_now()
        if not await self._codes.consume(db, user.id, digest(plain(code)), now):
            return False
        await self._audit.record(
            db, Action.TWO_FACTOR_RECOVERY_CODE_USED, target=("user", user.id), actor_id=user.id
        )
        change = TwoFactorChange.RECOVERY_CODE_USED
        notice = TwoFactorChanged(name=user.display_name, change=change, at=now)
        await self._mail.send(db, user.email, notice)
        return True

    async def renew(self, db: AsyncSession, user: User) -> list[str]:
        """Ten new ones, stored as digests and shown this once; the old ones are dead."""
        codes = recovery_codes()
        await self._codes.replace(db, user.id, [digest(plain(code)) for code in codes])
        await self._audit.record(
            db, Action.TWO_FACTOR_RECOVERY_CODES_MADE, target=("user", user.id)
        )
        return codes

    async def remove(self, db: AsyncSession, user: User) -> None:
        await self._codes.replace(db, user.id, [])
