from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import TwoFactorChange, TwoFactorChanged
from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException, InvalidCodeException, NotFoundException
from portfolio.core.security import digest, random_token
from portfolio.db.repositories.two_factor import ChallengeRepository, SecondFactorRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.models.audit import Action
from portfolio.models.identity import Identity
from portfolio.models.two_factor import LoginChallenge, Method, SecondFactor
from portfolio.models.users import User
from portfolio.services.audit import AuditService
from portfolio.services.mail import MailService
from portfolio.services.sessions import SessionService
from portfolio.services.two_factor.email import EmailFactor
from portfolio.services.two_factor.factors import Factor
from portfolio.services.two_factor.guard import Guard
from portfolio.services.two_factor.recovery import RecoveryCodeFactor
from portfolio.services.two_factor.totp import Enrolment, TotpFactor

LIFE = timedelta(minutes=10)
_ON = {
    Method.TOTP: (Action.TWO_FACTOR_TOTP_ENABLED, TwoFactorChange.TOTP_ON),
    Method.EMAIL: (Action.TWO_FACTOR_EMAIL_ENABLED, TwoFactorChange.EMAIL_ON),
}
_OFF = {
    Method.TOTP: (Action.TWO_FACTOR_TOTP_DISABLED, TwoFactorChange.TOTP_OFF),
    Method.EMAIL: (Action.TWO_FACTOR_EMAIL_DISABLED, TwoFactorChange.EMAIL_OFF),
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a right password gets where a second factor is asked for."""

    challenge_token: str
    methods: list[Method]


@dataclass(frozen=True, slots=True)
class TwoFactorState:
    """What an account has. `methods`: those that a login offers; `email_available`: could be on."""

    enabled: bool
    methods: list[Method]
    totp: bool
    email: bool
    email_available: bool
    recovery_codes_left: int


class TwoFactorService:
    """The second step of a login, and what an account's owner decides about it."""

    def __init__(
        self,
        users: UserRepository,
        rows: SecondFactorRepository,
        challenges: ChallengeRepository,
        totp: TotpFactor,
        email: EmailFactor,
        recovery: RecoveryCodeFactor,
        guard: Guard,
        sessions: SessionService,
        audit: AuditService,
        mail: MailService,
        *,
        mails: bool,
    ) -> None:
        """`mails`: mail leaves this machine, so codes by mail can be offered."""
        self._users = users
        self._rows = rows
        self._challenges = challenges
        self._totp = totp
        self._email = email
        self._recovery = recovery
        self._factors: dict[Method, Factor] = {
            factor.method: factor for factor in (totp, email, recovery)
        }
        self._guard = guard
        self._sessions = sessions
        self._audit = audit
        self._mail = mail
        self._mails = mails

    async def methods(self, db: AsyncSession, user: User) -> list[Method]:
        """Those that this account may use now; none where it has no second factor."""
        ready = [method for method in Method if await self._factors[method].is_ready(db, user)]
        if user.is_admin and Method.TOTP in ready and Method.EMAIL in ready:
            # An admin's app must not be got round by reading their mail.
            ready.remove(Method.EMAIL)
        return [] if ready == [Method.RECOVERY_CODE] else ready

    async def challenge(self, db: AsyncSession, user: User) -> Challenge:
        """For whoever knew the password: a token that is good for the second step only."""
        token = random_token()
        row = LoginChallenge(digest=digest(token), user_id=user.id, expires_at=utc_now() + LIFE)
        await self._challenges.create(db, row)
        return Challenge(token, await self.methods(db, user))

    async def send_code(self, db: AsyncSession, challenge_token: str) -> None:
        """Raises InvalidCodeException for a dead challenge, RateLimitedException.

        ConflictException where codes by mail are not in use.
        """
        challenge, user = await self._living(db, challenge_token)
        if Method.EMAIL not in await self.methods(db, user):
            raise ConflictException("This account does not use codes by mail")
        await self._email.send(db, user, challenge)

    async def redeem(
        self, db: AsyncSession, challenge_token: str, method: Method, code: str
    ) -> User:
        """Who has passed the second step now: exactly one of all who try with a challenge.

        Raises InvalidCodeException for a code or a challenge that is wrong, used or too old,
        AccountLockedException without looking at the code.
        """
        _, user = await self._living(db, challenge_token)
        await self._guard.hold(db, user)
        # Again: another may have used it while this one waited.
        challenge, user = await self._living(db, challenge_token)
        async with self._guard.attempt(db, user):
            await self._check(db, user, challenge, method, code)
        if not await self._challenges.consume(db, challenge.id, utc_now()):
            raise InvalidCodeException
        return user

    async def prove(self, db: AsyncSession, user: User, method: Method, code: str) -> None:
        """Of somebody who is signed in. Raises InvalidCodeException, AccountLockedException."""
        async with self._guard.attempt(db, user):
            await self._check(db, user, None, method, code)

    async def state(self, db: AsyncSession, user: User) -> TwoFactorState:
        confirmed = await self._rows.confirmed(db, user.id)
        return TwoFactorState(
            enabled=bool(confirmed),
            methods=await self.methods(db, user),
            totp=Method.TOTP in confirmed,
            email=Method.EMAIL in confirmed,
            email_available=self._mails and user.email_verified_at is not None,
            recovery_codes_left=await self._recovery.left(db, user),
        )

    async def enrol_totp(self, db: AsyncSession, identity: Identity) -> Enrolment:
        """A seed that counts only once it is confirmed. Raises ConflictException when one does."""
        user = await self._users.get_locked(db, identity.user.id)
        return await self._totp.begin(db, user)

    async def confirm_totp(self, db: AsyncSession, identity: Identity, code: str) -> list[str]:
        """Ten new recovery codes. Raises InvalidCodeException, AccountLockedException.

        ConflictException where there is nothing to confirm.
        """
        user = await self._users.get_locked(db, identity.user.id)
        row = await self._totp.pending(db, user)
        async with self._guard.attempt(db, user):
            if not self._totp.confirm(row, code):
                raise InvalidCodeException
        await self._changed(db, user, identity, *_ON[Method.TOTP])
        return await self._recovery.renew(db, user)

    async def enable_email(self, db: AsyncSession, identity: Identity) -> list[str] | None:
        """Recovery codes, where the account had none. Raises ConflictException."""
        user = await self._users.get_locked(db, identity.user.id)
        if not self._mails:
            raise ConflictException("This site sends no mail; use an authenticator app")
        if user.email_verified_at is None:
            raise ConflictException("Confirm your e-mail address first")
        if not await self._email.is_ready(db, user):
            row = SecondFactor(user_id=user.id, method=Method.EMAIL, confirmed_at=utc_now())
            await self._rows.create(db, row)
            await self._changed(db, user, identity, *_ON[Method.EMAIL])
        has_codes = await self._recovery.is_ready(db, user)
        return None if has_codes else await self._recovery.renew(db, user)

    async def disable_totp(self, db: AsyncSession, identity: Identity) -> None:
        """Raises NotFoundException."""
        await self._disable(db, identity, Method.TOTP)

    async def disable_email(self, db: AsyncSession, identity: Identity) -> None:
        """Raises NotFoundException."""
        await self._disable(db, identity, Method.EMAIL)

    async def renew_recovery_codes(self, db: AsyncSession, identity: Identity) -> list[str]:
        """Ten new ones; the old are dead. Raises ConflictException without a second factor."""
        user = await self._users.get_locked(db, identity.user.id)
        if not await self._rows.confirmed(db, user.id):
            raise ConflictException("Set up a second factor first")
        codes = await self._recovery.renew(db, user)
        await self._tell(db, user, TwoFactorChange.RECOVERY_CODES_RENEWED)
        return codes

    async def reset(self, db: AsyncSession, user: User) -> None:
        """For somebody who lost it all: no second factor, no session, no block is left."""
        await self._guard.lift(db, user.id)
        removed = await self._rows.confirmed(db, user.id)
        await self._rows.remove(db, user.id)
        await self._recovery.remove(db, user)
        await self._audit.record(db, Action.TWO_FACTOR_RESET, target=("user", user.id))
        # Challenges first: whoever uses one just now is waited for, and then has a session to end.
        await self.end_challenges(db, user.id)
        await self._sessions.end_all(db, user.id)
        for method in removed:
            await self._tell(db, user, _OFF[method][1])

    async def end_challenges(self, db: AsyncSession, user_id: int) -> None:
        """No login that is half done can be completed: its password is changed, or its factors."""
        await self._challenges.discard(db, user_id)

    async def _disable(self, db: AsyncSession, identity: Identity, method: Method) -> None:
        user = await self._users.get_locked(db, identity.user.id)
        row = await self._rows.find(db, user.id, method)
        if row is None:
            raise NotFoundException("It is not set up")
        was_on = row.confirmed_at is not None
        await self._rows.remove(db, user.id, [method])
        if not was_on:
            return
        if not await self._rows.confirmed(db, user.id):
            await self._recovery.remove(db, user)
        await self._changed(db, user, identity, *_OFF[method])

    async def _changed(
        self,
        db: AsyncSession,
        user: User,
        identity: Identity,
        action: Action,
        change: TwoFactorChange,
    ) -> None:
        """Whoever else is in the account, or half in, has to sign in anew; the owner hears of it."""
        await self._audit.record(db, action, target=("user", user.id))
        await self.end_challenges(db, user.id)
        await self._sessions.end_all(db, user.id, identity.session_id)
        await self._tell(db, user, change)

    async def _tell(self, db: AsyncSession, user: User, change: TwoFactorChange) -> None:
        notice = TwoFactorChanged(name=user.display_name, change=change, at=utc_now())
        await self._mail.send(db, user.email, notice)

    async def _check(
        self,
        db: AsyncSession,
        user: User,
        challenge: LoginChallenge | None,
        method: Method,
        code: str,
    ) -> None:
        if method not in await self.methods(db, user):
            raise InvalidCodeException
        if not await self._factors[method].verify(db, user, challenge, code):
            raise InvalidCodeException

    async def _living(self, db: AsyncSession, token: str) -> tuple[LoginChallenge, User]:
        found = await self._challenges.living(db, digest(token), utc_now())
        if found is None:
            raise InvalidCodeException
        return found
