"""A new password for an account: by its old one, or by a link for who has lost it."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import PasswordChanged
from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException
from portfolio.core.security import LONG_PASSWORD
from portfolio.db.repositories.users import UserRepository
from portfolio.models.audit import Action
from portfolio.models.credentials import Purpose
from portfolio.models.identity import Identity
from portfolio.models.users import User
from portfolio.schemas.accounts import PasswordChange
from portfolio.services.audit import AuditService
from portfolio.services.auth import AuthService
from portfolio.services.email_addresses import EmailAddressService
from portfolio.services.lockout import LockoutService
from portfolio.services.mail import MailService
from portfolio.services.one_time_tokens import OneTimeTokens
from portfolio.services.password_policy import PasswordPolicy
from portfolio.services.sessions import SessionService
from portfolio.services.two_factor import TwoFactorService


class PasswordService:
    def __init__(
        self,
        users: UserRepository,
        policy: PasswordPolicy,
        one_time: OneTimeTokens,
        auth: AuthService,
        sessions: SessionService,
        lockout: LockoutService,
        two_factor: TwoFactorService,
        addresses: EmailAddressService,
        mail: MailService,
        audit: AuditService,
    ) -> None:
        self._users = users
        self._policy = policy
        self._one_time = one_time
        self._auth = auth
        self._sessions = sessions
        self._lockout = lockout
        self._two_factor = two_factor
        self._addresses = addresses
        self._mail = mail
        self._audit = audit

    async def reset(
        self, reader: AsyncSession, db: AsyncSession, token: str, password: str
    ) -> None:
        """Whoever has the link chooses a password, and is signed in nowhere by that.

        Closes `reader`; `db` begins only after the hash. The link works on after a password that
        is refused. Raises InvalidTokenException, InvalidInputException.
        """
        user = await self._one_time.holder(reader, Purpose.RESET_PASSWORD, token)
        await reader.close()
        hashed = await self._policy.hash(password, email=user.email, username=user.username)
        await self._one_time.redeem(db, Purpose.RESET_PASSWORD, token)
        row = await self._users.get_locked(db, user.id)
        await self._store(db, row, hashed, password, Action.USER_PASSWORD_RESET, row.id)
        await self._sessions.end_all(db, row.id)
        await self._lockout.unlock(db, row)
        await self._addresses.confirm(db, row)

    async def change(self, db: AsyncSession, identity: Identity, data: PasswordChange) -> None:
        """Ends all other sessions. `db` begins only after the hashes.

        Raises WrongPasswordException, AccountLockedException, InvalidInputException.
        """
        user = identity.user
        await self._auth.check_password(user, data.current_password)
        hashed = await self._policy.hash(
            data.new_password, email=user.email, username=user.username, field="new_password"
        )
        row = await self._users.get_locked(db, user.id)
        if row.password_hash != user.password_hash:
            # Somebody reset it while we hashed: the old password proves nothing any more.
            raise ConflictException("The password was changed in the meantime")
        await self._store(db, row, hashed, data.new_password, Action.USER_PASSWORD_CHANGED, row.id)
        await self._sessions.end_all(db, row.id, identity.session_id)

    async def impose(self, db: AsyncSession, user_id: int, password: str) -> None:
        """A password that somebody else chose. Ends all sessions and any lock.

        Raises NotFoundException, InvalidInputException.
        """
        row = await self._users.get_locked(db, user_id)
        hashed = await self._policy.hash(password, email=row.email, username=row.username)
        await self._store(db, row, hashed, password, Action.USER_PASSWORD_RESET, None)
        await self._sessions.end_all(db, row.id)
        await self._lockout.unlock(db, row)

    async def _store(
        self,
        db: AsyncSession,
        user: User,
        hashed: str,
        password: str,
        action: Action,
        actor_id: int | None,
    ) -> None:
        values = {"password_hash": hashed, "has_long_password": len(password) >= LONG_PASSWORD}
        await self._users.update(db, user, values)
        await self._two_factor.end_challenges(db, user.id)
        # Also an address that a thief of the session asked for is not confirmed any more.
        for purpose in (Purpose.RESET_PASSWORD, Purpose.CHANGE_EMAIL):
            await self._one_time.discard(db, purpose, user.id)
        await self._mail.send(db, user.email, PasswordChanged(name=user.display_name, at=utc_now()))
        await self._audit.record(db, action, target=("user", user.id), actor_id=actor_id)
