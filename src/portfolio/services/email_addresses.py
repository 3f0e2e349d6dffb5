"""The address of an account: confirmed by a link that was sent there."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import AlreadyRegistered, ConfirmEmail, EmailChanged
from portfolio.core.clock import utc_now
from portfolio.core.errors import InvalidTokenException
from portfolio.db.repositories.users import UserRepository
from portfolio.models.audit import Action
from portfolio.models.credentials import Purpose
from portfolio.models.users import User
from portfolio.schemas.accounts import Registered
from portfolio.services.account_mail import AccountMail
from portfolio.services.audit import AuditService
from portfolio.services.mail import MailService
from portfolio.services.notifications.choices import MailChoices
from portfolio.services.one_time_tokens import OneTimeTokens
from portfolio.services.users import name_taken

CONFIRM = "Open the link that we sent to the new address; until then the old one stays"
CHANGED = "This is your address from now on"


class EmailAddressService:
    def __init__(
        self,
        users: UserRepository,
        one_time: OneTimeTokens,
        account_mail: AccountMail,
        mail: MailService,
        audit: AuditService,
        choices: MailChoices,
        *,
        verifies_email: bool,
    ) -> None:
        """`verifies_email`: an address counts only once it is confirmed."""
        self._users = users
        self._one_time = one_time
        self._account_mail = account_mail
        self._mail = mail
        self._audit = audit
        self._choices = choices
        self._verifies = verifies_email

    async def verify(self, db: AsyncSession, token: str) -> None:
        """Confirm the address of a new account, or a new address of an account.

        Raises InvalidTokenException; ConflictException if the address is somebody else's by now.
        """
        try:
            link = await self._one_time.redeem(db, Purpose.VERIFY_EMAIL, token)
        except InvalidTokenException:
            link = await self._one_time.redeem(db, Purpose.CHANGE_EMAIL, token)
        user = await self._users.get_locked(db, link.user_id or 0)
        if link.purpose is Purpose.CHANGE_EMAIL:
            await self._move(db, user, link.email or "")
        elif link.email != user.email:
            raise InvalidTokenException
        else:
            await self.confirm(db, user)

    async def confirm(self, db: AsyncSession, user: User) -> None:
        """The address is theirs: they have read what was sent there."""
        if user.email_verified_at is None:
            await self._users.update(db, user, {"email_verified_at": utc_now()})
            await self._audit.record(
                db, Action.USER_VERIFIED, target=("user", user.id), actor_id=user.id
            )

    async def change(self, db: AsyncSession, user: User, email: str) -> Registered:
        """Send a link to the new address; where no mail can be sent it is taken as it is.

        Only without mail raises ConflictException for an address that has an account: with it, the
        answer and the work are the same.
        """
        row = await self._users.get_locked(db, user.id)
        if not self._verifies:
            await self._move(db, row, email)
            return Registered(detail=CHANGED, verification_required=False)
        holder = await self._users.by_identifier(db, email)
        link = await self._one_time.issue(db, Purpose.CHANGE_EMAIL, row.id, email=email)
        mail = ConfirmEmail(token=link.token, expires_at=link.expires_at)
        taken = AlreadyRegistered(name=holder.display_name if holder else "")
        is_free = holder is None or holder.is_pending
        if await self._account_mail.may_send(email):
            await self._mail.send(db, email, mail if is_free else taken)
        await self._audit.record(
            db,
            Action.USER_EMAIL_CHANGE_REQUESTED,
            target=("user", row.id),
            before={"email": row.email},
            after={"email": email},
        )
        return Registered(detail=CONFIRM, verification_required=True)

    async def _move(self, db: AsyncSession, user: User, email: str) -> None:
        old = user.email
        holder = await self._users.by_identifier(db, email)
        if holder is not None and holder.is_pending and self._verifies and holder is not user:
            # Registered by somebody who never confirmed it; whoever reads its mail is here.
            await self._users.delete(db, holder)
            holder = None
        if holder is not None and holder is not user:
            raise name_taken("email")
        verified_at = utc_now() if self._verifies else None
        await self._users.update(db, user, {"email": email, "email_verified_at": verified_at})
        await self._choices.move(db, old, email)
        # What was sent to the old address opens nothing any more.
        for purpose in (Purpose.RESET_PASSWORD, Purpose.UNLOCK, Purpose.CHANGE_EMAIL):
            await self._one_time.discard(db, purpose, user.id)
        notice = EmailChanged(name=user.display_name, old=old, new=email, at=utc_now())
        for address in sorted({old, email}):
            await self._mail.send(db, address, notice)
        await self._audit.record(
            db,
            Action.USER_EMAIL_CHANGED,
            target=("user", user.id),
            before={"email": old},
            after={"email": email},
            actor_id=user.id,
        )
