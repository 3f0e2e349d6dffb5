"""Mails about accounts that anybody can ask for by an address.

Asking leaves a job, the same for every address; only its worker looks whether there is an account.
So neither the answer nor the time that it takes tells.
"""

from enum import StrEnum

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.limiter import LimitName, Limits
from portfolio.adapters.mailer.mails import AlreadyRegistered, ResetPassword, VerifyEmail
from portfolio.core.errors import RateLimitedException
from portfolio.db.repositories.users import UserRepository
from portfolio.db.session import Database
from portfolio.models.audit import Action
from portfolio.models.credentials import Purpose
from portfolio.models.users import User
from portfolio.schemas.accounts import Accepted
from portfolio.services.audit import AuditService
from portfolio.services.mail import MailService
from portfolio.services.one_time_tokens import OneTimeTokens
from portfolio.services.outbox import OutboxService

ACCOUNT_MAIL = "account_mail"
MAILED = Accepted(detail="If this address has an account that needs it, a mail is on its way")


class Occasion(StrEnum):
    UNVERIFIED = "unverified"
    TAKEN = "taken"
    FORGOTTEN = "forgotten"


class _Wish(BaseModel):
    """What waits in the outbox, sealed: an address is nobody's business."""

    occasion: Occasion
    email: str


class AccountMail:
    def __init__(
        self,
        database: Database,
        users: UserRepository,
        one_time: OneTimeTokens,
        mail: MailService,
        outbox: OutboxService,
        audit: AuditService,
        limits: Limits,
    ) -> None:
        self._database = database
        self._users = users
        self._one_time = one_time
        self._mail = mail
        self._outbox = outbox
        self._audit = audit
        self._limits = limits

    async def may_send(self, email: str) -> bool:
        """Count one mail to this address; False where its budget is spent."""
        try:
            await self._limits.hit(LimitName.ACCOUNT_MAIL, email, told=False)
        except RateLimitedException:
            return False
        return True

    async def ask(self, db: AsyncSession, occasion: Occasion, email: str) -> None:
        """Have the mail sent that fits, if there is an account. The address is expected folded."""
        await self._outbox.put_sealed(db, ACCOUNT_MAIL, _Wish(occasion=occasion, email=email))

    async def request(self, db: AsyncSession, occasion: Occasion, email: str) -> Accepted:
        """ask(), within the budget of the address; beyond it nothing happens."""
        if await self.may_send(email):
            await self.ask(db, occasion, email)
        return MAILED

    async def deliver(self, payload: dict[str, str]) -> None:
        """The job ACCOUNT_MAIL."""
        wish = self._outbox.opened(payload, _Wish)
        async with self._database.transaction() as db:
            user = await self._users.by_identifier(db, wish.email)
            if user is None or not user.is_active:
                return
            if wish.occasion is Occasion.FORGOTTEN:
                await self._send_reset(db, user)
            elif user.email_verified_at is None:
                await self._send_verification(db, user)
            elif wish.occasion is Occasion.TAKEN:
                await self._mail.send(db, user.email, AlreadyRegistered(name=user.display_name))

    async def _send_verification(self, db: AsyncSession, user: User) -> None:
        link = await self._one_time.issue(db, Purpose.VERIFY_EMAIL, user.id, email=user.email)
        mail = VerifyEmail(token=link.token, expires_at=link.expires_at)
        await self._mail.send(db, user.email, mail)

    async def _send_reset(self, db: AsyncSession, user: User) -> None:
        link = await self._one_time.issue(db, Purpose.RESET_PASSWORD, user.id)
        mail = ResetPassword(name=user.greeting, token=link.token, expires_at=link.expires_at)
        await self._mail.send(db, user.email, mail)
        await self._audit.record(db, Action.USER_PASSWORD_RESET_REQUESTED, target=("user", user.id))
