"""Invitations: who may come, and as what."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import Invitation
from portfolio.core.clock import utc_now
from portfolio.core.config import Settings
from portfolio.core.errors import ConflictException, InvalidInputException
from portfolio.db.repositories.users import UserRepository
from portfolio.models.audit import Action
from portfolio.models.credentials import Purpose
from portfolio.models.users import Role, User
from portfolio.schemas.invites import InviteCreate
from portfolio.services.audit import AuditService
from portfolio.services.mail import MailService
from portfolio.services.one_time_tokens import OneTimeTokens

LONGEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Invite:
    """A new invitation with its secret, which nobody can look up later."""

    token: str
    url: str
    email: str | None
    role: Role
    expires_at: datetime
    mailed: bool


class InviteService:
    def __init__(
        self,
        users: UserRepository,
        one_time: OneTimeTokens,
        mail: MailService,
        audit: AuditService,
        settings: Settings,
    ) -> None:
        self._users = users
        self._one_time = one_time
        self._mail = mail
        self._audit = audit
        self._address = f"{settings.account_url}{Invitation.path}"
        self._has_mail = settings.mail.configured

    async def create(self, db: AsyncSession, data: InviteCreate, inviter: User) -> Invite:
        """Sent by mail where there is an address and a mail server; good while the inviter is an admin.

        Raises ConflictException for an address that has an account, InvalidInputException.
        """
        if data.expires_at is not None:
            _require_soon(data.expires_at)
        holder = await self._users.by_identifier(db, data.email) if data.email else None
        # Somebody who only entered the address must not keep its owner out.
        if holder is not None and not (holder.is_pending and self._has_mail):
            raise ConflictException("This address belongs to an account already")
        issued = await self._one_time.issue(
            db,
            Purpose.INVITE,
            inviter.id,
            email=data.email,
            role=data.role,
            expires_at=data.expires_at,
        )
        mailed = data.email is not None and self._has_mail
        if data.email is not None and mailed:
            notice = Invitation(
                inviter=inviter.display_name, token=issued.token, expires_at=issued.expires_at
            )
            await self._mail.send(db, data.email, notice)
        await self._audit.record(
            db,
            Action.INVITE_CREATED,
            after={"email": data.email, "role": data.role, "expires_at": issued.expires_at},
        )
        return Invite(
            token=issued.token,
            url=f"{self._address}?token={issued.token}",
            email=data.email,
            role=data.role,
            expires_at=issued.expires_at,
            mailed=mailed,
        )


def _require_soon(moment: datetime) -> None:
    now = utc_now()
    if not now < moment <= now + LONGEST:
        raise InvalidInputException.of("expires_at", f"within {LONGEST.days} days from now")
