"""The ways in. All of them pass the same counters, the same hash and the same second factor."""

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.hashing import PasswordHashing
from portfolio.adapters.mailer.mails import NewDevice, UnlockAccount
from portfolio.core.agents import device
from portfolio.core.clock import utc_now
from portfolio.core.context import current
from portfolio.core.errors import (
    InvalidCredentialsException,
    TwoFactorRequiredException,
    WrongPasswordException,
)
from portfolio.core.security import LONG_PASSWORD, DeviceTokens
from portfolio.core.text import fold
from portfolio.db.repositories.users import UserRepository
from portfolio.models.audit import Action
from portfolio.models.credentials import Purpose
from portfolio.models.users import User
from portfolio.schemas.two_factor import SecondStep
from portfolio.services.audit import AuditService
from portfolio.services.lockout import Attempt, LockoutService
from portfolio.services.mail import MailService
from portfolio.services.one_time_tokens import OneTimeTokens
from portfolio.services.sessions import Login, SessionService
from portfolio.services.two_factor import Challenge, TwoFactorService


@dataclass(slots=True)
class _Proof:
    """What came out of the look at a password."""

    user: User | None
    password_hash: str | None = None
    attempt: Attempt | None = None


class AuthService:
    def __init__(
        self,
        users: UserRepository,
        sessions: SessionService,
        two_factor: TwoFactorService,
        lockout: LockoutService,
        hashing: PasswordHashing,
        devices: DeviceTokens,
        one_time: OneTimeTokens,
        mail: MailService,
        audit: AuditService,
        *,
        verifies_email: bool,
    ) -> None:
        """`verifies_email`: an account opens only once its address is confirmed."""
        self._users = users
        self._sessions = sessions
        self._two_factor = two_factor
        self._lockout = lockout
        self._hashing = hashing
        self._devices = devices
        self._one_time = one_time
        self._mail = mail
        self._audit = audit
        self._verifies = verifies_email

    async def login(
        self,
        reader: AsyncSession,
        db: AsyncSession,
        identifier: str,
        password: str,
        device_token: str | None = None,
    ) -> Login | Challenge:
        """Sign in by e-mail or user name; a Challenge where a second factor is asked for.

        Closes `reader`; `db` begins only after the hash. Raises InvalidCredentialsException, the
        same and after the same time, for an account that is unknown, unverified or deactivated and
        for a wrong password; AccountLockedException without looking at the password.
        """
        name = fold(identifier)
        proof = _Proof(await self._users.by_identifier(reader, name))
        await reader.close()
        try:
            await self._prove(proof, name, password, device_token)
        except InvalidCredentialsException:
            await self._refused(db, proof)
            raise
        user = proof.user
        if user is None or not await self._users.sign_in(
            db, user, utc_now(), proof.password_hash, len(password) >= LONG_PASSWORD
        ):
            raise InvalidCredentialsException
        if await self._two_factor.methods(db, user):
            return await self._two_factor.challenge(db, user)
        return await self.complete(db, user, device_token)

    async def login_outright(
        self,
        reader: AsyncSession,
        db: AsyncSession,
        identifier: str,
        password: str,
        device_token: str | None = None,
    ) -> Login:
        """login() for clients that know one step only.

        Raises TwoFactorRequiredException where a second factor is asked for.
        """
        outcome = await self.login(reader, db, identifier, password, device_token)
        if isinstance(outcome, Challenge):
            raise TwoFactorRequiredException(
                "This account has a second factor: sign in at POST /api/v1/auth/login"
            )
        return outcome

    async def second_step(
        self, db: AsyncSession, step: SecondStep, device_token: str | None
    ) -> Login:
        """What follows on a Challenge. Raises what TwoFactorService.redeem() raises."""
        user = await self._two_factor.redeem(db, step.challenge_token, step.method, step.code)
        return await self.complete(db, user, device_token)

    async def complete(self, db: AsyncSession, user: User, device_token: str | None) -> Login:
        """Sign in whoever has passed all that is asked of this account."""
        current().actor_id = user.id
        known = self._devices.device_of(device_token, user.id) is not None
        if not known and not await self._sessions.is_familiar(db, user.id):
            await self._tell_of_new_device(db, user)
        await self._audit.record(db, Action.AUTH_LOGIN, target=("user", user.id))
        return await self._sessions.open(db, user, None if known else self._devices.issue(user.id))

    async def unlock(self, db: AsyncSession, token: str) -> None:
        """Let them sign in again from wherever it is: by the link that went out with the lock.

        Raises InvalidTokenException.
        """
        link = await self._one_time.redeem(db, Purpose.UNLOCK, token)
        user = await self._users.get_one(db, link.user_id or 0)
        await self._lockout.unlock(db, user)
        await self._audit.record(
            db, Action.AUTH_UNLOCKED, target=("user", user.id), actor_id=user.id
        )

    async def check_password(self, user: User, password: str) -> None:
        """Of somebody who is signed in. No transaction of the caller may have begun.

        Raises WrongPasswordException, which counts like a failed login, and AccountLockedException.
        """
        right = False
        with suppress(InvalidCredentialsException):
            # Their own counter: whoever guesses from outside must not stand in their way.
            async with self._lockout.attempt(user.email, f"signed in: {user.id}", user.id):
                right = await self._hashing.verify(password, user.password_hash)
                if not right:
                    raise InvalidCredentialsException
        if not right:
            await self._lockout.note_failure(user.email)
            raise WrongPasswordException

    async def _prove(
        self, proof: _Proof, name: str, password: str, device_token: str | None
    ) -> None:
        user = proof.user
        client = self._devices.device_of(device_token, user.id) if user else None
        own = user.id if user and client else None
        async with self._lockout.attempt(name, client, own) as proof.attempt:
            stored = user.password_hash if user else None
            right = await self._hashing.verify(password, stored)
            if user is None or stored is None or not right or not self._is_open(user):
                raise InvalidCredentialsException
        if self._hashing.needs_rehash(stored):
            stored = await self._hashing.hash(password)
        proof.password_hash = stored

    async def _refused(self, db: AsyncSession, proof: _Proof) -> None:
        """Note it; and where that was one failure too many, send the owner a way back in."""
        user, locked = proof.user, proof.attempt is not None and proof.attempt.locked
        target = ("user", user.id) if user else None
        await self._audit.record(db, Action.AUTH_LOGIN_FAILED, target=target)
        if locked:
            await self._audit.record(db, Action.AUTH_LOCKED, target=target)
        if locked and user is not None and user.is_active:
            link = await self._one_time.issue(db, Purpose.UNLOCK, user.id)
            notice = UnlockAccount(name=user.greeting, token=link.token, expires_at=link.expires_at)
            await self._mail.send(db, user.email, notice)

    async def _tell_of_new_device(self, db: AsyncSession, user: User) -> None:
        if user.last_login_at is None:
            return
        context = current()
        notice = NewDevice(
            name=user.display_name,
            device=device(context.agent),
            client=context.client,
            at=utc_now(),
        )
        await self._mail.send(db, user.email, notice)

    def _is_open(self, user: User) -> bool:
        return user.is_active and (user.email_verified_at is not None or not self._verifies)
