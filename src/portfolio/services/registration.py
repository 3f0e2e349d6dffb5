"""Accounts that people make for themselves."""

from datetime import timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.errors import (
    ConflictException,
    InvalidTokenException,
    RegistrationClosedException,
)
from portfolio.core.security import digest, random_token
from portfolio.db.repositories.users import UserRepository
from portfolio.models.audit import Action
from portfolio.models.credentials import OneTimeToken, Purpose
from portfolio.models.users import Role, User
from portfolio.schemas.accounts import Registered, Registration
from portfolio.services.account_mail import AccountMail, Occasion
from portfolio.services.audit import AuditService
from portfolio.services.one_time_tokens import OneTimeTokens
from portfolio.services.users import UserService, name_taken

FORGOTTEN = timedelta(days=7)
CHECK_MAIL = "Look into your mailbox: a link there says what comes next"
SIGN_IN = "You can sign in now, unless this address had an account already"


class RegistrationService:
    def __init__(
        self,
        repository: UserRepository,
        users: UserService,
        one_time: OneTimeTokens,
        account_mail: AccountMail,
        audit: AuditService,
        mode: Literal["open", "invite", "closed"],
        *,
        verifies_email: bool,
    ) -> None:
        """`verifies_email`: an account opens only once its address is confirmed."""
        self._repository = repository
        self._users = users
        self._one_time = one_time
        self._account_mail = account_mail
        self._audit = audit
        self._mode = mode
        self._verifies = verifies_email

    async def register(self, db: AsyncSession, data: Registration) -> Registered:
        """The same answer, after the same work, whether the address has an account or not.

        `db` begins only after the hash. Raises RegistrationClosedException, InvalidTokenException
        for a dead invitation, ConflictException for a user name that is taken.
        """
        self._require_open(data)
        password_hash = await self._users.hash_of(data)
        invite = None
        if data.invite is not None:
            invite = await self._one_time.redeem(db, Purpose.INVITE, data.invite)
            await self._require_inviter(db, invite)
        may_send = await self._account_mail.may_send(data.email)
        try:
            occasion = await self._enter(db, data, password_hash, invite, may_send)
        except ConflictException:
            # Somebody took the address or the name in the same moment: look again, once.
            occasion = await self._enter(db, data, password_hash, invite, may_send)
        if may_send:
            await self._account_mail.ask(db, occasion, data.email)
        waits = self._verifies and not _proves(invite, data)
        return Registered(detail=CHECK_MAIL if waits else SIGN_IN, verification_required=waits)

    async def invited_address(self, db: AsyncSession, token: str) -> str | None:
        """Where an invitation was sent. Raises InvalidTokenException for a dead one."""
        invite = await self._one_time.find(db, Purpose.INVITE, token)
        await self._require_inviter(db, invite)
        return invite.email

    async def forget_unverified(self, db: AsyncSession) -> None:
        """Delete accounts that nobody has opened for a week."""
        if self._verifies:
            await self._repository.forget_pending(db, utc_now() - FORGOTTEN)

    def _require_open(self, data: Registration) -> None:
        if self._mode == "closed":
            raise RegistrationClosedException
        if self._mode == "invite" and data.invite is None:
            raise RegistrationClosedException("Registration is by invitation: open the link in it")

    async def _require_inviter(self, db: AsyncSession, invite: OneTimeToken) -> None:
        """Raises InvalidTokenException where whoever invited is no admin any more."""
        inviter = await self._repository.get(db, invite.user_id) if invite.user_id else None
        if inviter is not None and not (inviter.is_active and inviter.is_admin):
            raise InvalidTokenException

    async def _enter(
        self,
        db: AsyncSession,
        data: Registration,
        password_hash: str,
        invite: OneTimeToken | None,
        may_send: bool,
    ) -> Occasion:
        owner = await self._repository.by_identifier(db, data.email)
        stand_in = await self._repository.by_identifier(db, _beside(data.email))
        namesake = await self._repository.by_identifier(db, data.username)
        taken = self._verifies and owner is not None and not owner.is_pending
        holder = stand_in if taken else owner
        if holder is not None and self._is_pending(holder):
            holder = await self._repository.get_locked(db, holder.id)
        replaceable = holder is not None and self._is_pending(holder)
        if namesake is not None and not (replaceable and namesake is holder):
            raise name_taken("username")
        verified_at = utc_now() if _proves(invite, data) else None
        role = (invite.role if invite else None) or Role.USER
        made = self._users.make(data, role, password_hash, verified_at)
        if taken:
            _set_aside(made)
        if holder is None:
            user = await self._users.enter(db, made)
        elif replaceable and (may_send or verified_at):
            user = await self._replace(db, holder, made)
        else:
            await self._repository.rehearse(db, _nobody(made))
            user, taken = holder, True
        await self._record(db, owner or user, repeated=taken)
        return Occasion.TAKEN if taken else Occasion.UNVERIFIED

    async def _replace(self, db: AsyncSession, user: User, made: User) -> User:
        """Let the newest registration of an address be the one that its mail confirms.

        Whoever comes first may have used an address that is not theirs. If their name and password
        stood, its owner would open the account for them. So each registration ends the links of
        those before it, and the last mail belongs to the last password.
        """
        await self._one_time.discard(db, Purpose.VERIFY_EMAIL, user.id)
        return await self._users.replace(db, user, made)

    async def _record(self, db: AsyncSession, user: User, *, repeated: bool) -> None:
        await self._audit.record(
            db, Action.USER_REGISTERED, target=("user", user.id), after={"repeated": repeated}
        )

    def _is_pending(self, user: User) -> bool:
        return self._verifies and user.is_pending


def _proves(invite: OneTimeToken | None, data: Registration) -> bool:
    """Whoever has an invitation that was sent to an address reads that address."""
    return invite is not None and invite.email == data.email


def _beside(email: str) -> str:
    """An address that stands for another, and to which no mail ever goes (RFC 2606)."""
    return f"{digest(email)[:40]}@taken.invalid"


def _set_aside(user: User) -> None:
    """Let it only keep the user name, as any registration does until it is forgotten.

    Were the name free, a second registration with it would tell that the first made no account.
    """
    user.email, user.role = _beside(user.email), Role.USER
    user.password_hash = user.email_verified_at = None
    user.is_active = False


def _nobody(user: User) -> User:
    """The same under names that nobody has."""
    user.username = random_token()[:40]
    user.email = f"{user.username}@invalid"
    return user
