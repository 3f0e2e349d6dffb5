"""Logins: access tokens of minutes, refresh tokens that rotate (RFC 9700, 4.14), and their end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import SessionsRevoked
from portfolio.core.agents import device
from portfolio.core.clock import utc_now
from portfolio.core.context import current
from portfolio.core.errors import (
    InvalidRefreshTokenException,
    NotFoundException,
    RefreshInProgressException,
    UnauthorizedException,
)
from portfolio.core.pagination import Page, PageRequest
from portfolio.core.security import AccessTokens, Derivation, digest, random_token
from portfolio.db.repositories.sessions import SessionRepository
from portfolio.models.audit import Action
from portfolio.models.identity import Identity
from portfolio.models.sessions import UserSession
from portfolio.models.users import User
from portfolio.services.audit import AuditService
from portfolio.services.mail import MailService

LIFE = timedelta(days=30)
IDLE = timedelta(days=7)
GRACE = timedelta(seconds=10)
KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Login:
    """What a sign-in hands out; the refresh token is stored nowhere but with the client."""

    access_token: str
    refresh_token: str
    expires_in: int
    user: User
    # For a client that was not known yet.
    device_token: str | None = None


@dataclass(frozen=True, slots=True)
class SessionView:
    """A login as its owner would recognise it."""

    id: int
    device: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


class SessionService:
    def __init__(
        self,
        sessions: SessionRepository,
        tokens: AccessTokens,
        successors: Derivation,
        audit: AuditService,
        mail: MailService,
    ) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._successors = successors
        self._audit = audit
        self._mail = mail

    async def open(self, db: AsyncSession, user: User, device_token: str | None = None) -> Login:
        """Sign in whoever has proven to be this user."""
        now, context = utc_now(), current()
        refresh_token = random_token()
        session = UserSession(
            sid=random_token(),
            user_id=user.id,
            refresh_digest=digest(refresh_token),
            address=context.client,
            agent=context.agent,
            last_seen_at=now,
            authenticated_at=now,
            expires_at=now + LIFE,
        )
        await self._sessions.create(db, session)
        return self._login(user, session, refresh_token, device_token)

    async def refresh(self, db: AsyncSession, token: str) -> Login:
        """New tokens for a refresh token, which is spent by that.

        The immediate predecessor gives the same answer for ten seconds, since tabs and retries
        collide. Any other token that was spent ends the whole session: somebody copied it.
        Raises InvalidRefreshTokenException, RefreshInProgressException.
        """
        now = utc_now()
        successor = self._successors.of(token)
        session_id = await self._sessions.rotate(
            db, digest(token), digest(successor), now, now - IDLE
        )
        if session_id is None:
            session_id = await self._repeated(db, token, successor)
        owned = await self._sessions.owned(db, session_id, now)
        if owned is None:
            raise InvalidRefreshTokenException
        session, user = owned
        return self._login(user, session, successor)

    async def _repeated(self, db: AsyncSession, token: str, successor: str) -> int:
        """The session of a token that was spent a moment ago."""
        now = utc_now()
        spent = await self._sessions.spent(db, digest(token))
        if spent is None:
            raise InvalidRefreshTokenException
        row, session = spent
        recent = row.spent_at > now - GRACE
        if recent and session.refresh_digest == digest(successor):
            return session.id
        if recent and await self._sessions.spent(db, digest(successor)) is None:
            # The signing key changed in between, and its successor is not ours to find.
            raise RefreshInProgressException
        owned = await self._sessions.owned(db, session.id, now)
        if owned and await self._sessions.end(db, now, session_id=session.id):
            user = owned[1]
            await self._audit.record(
                db, Action.AUTH_REFRESH_REUSED, target=("user", user.id), actor_id=user.id
            )
            notice = SessionsRevoked(
                name=user.display_name,
                device=device(session.agent),
                client=session.address,
                at=now,
            )
            await self._mail.send(db, user.email, notice)
        raise InvalidRefreshTokenException

    async def identity(self, db: AsyncSession, token: str) -> Identity:
        """Whom an access token speaks for, now: one statement. Raises UnauthorizedException."""
        access = self._tokens.check(token)
        identity = await self._sessions.identity(db, access.sid, utc_now())
        if identity is None or identity.user.id != access.user_id:
            raise UnauthorizedException("The session has ended; sign in again")
        return identity

    def expiry_of(self, token: str) -> datetime:
        """When an access token ends by itself. Raises UnauthorizedException."""
        return self._tokens.expiry_of(token)

    async def page(
        self, db: AsyncSession, user_id: int, request: PageRequest, asking: int | None = None
    ) -> Page[SessionView]:
        """Those that live, the one seen last first. `asking`: the one that wants to know."""
        now = utc_now()
        page = await self._sessions.living(db, user_id, request, now, now - IDLE)
        return page.with_items([_view(session, asking) for session in page.items])

    async def log_out(self, db: AsyncSession, identity: Identity) -> None:
        """End the session that this request belongs to."""
        if identity.session is not None:
            await self._sessions.end(db, utc_now(), session_id=identity.session.id)
            await self._audit.record(db, Action.AUTH_LOGOUT, target=("user", identity.user.id))

    async def end(self, db: AsyncSession, user_id: int, session_id: int) -> None:
        """Its tokens are refused from the commit on. Raises NotFoundException."""
        session = await self._sessions.get(db, session_id)
        if session is None or session.user_id != user_id:
            raise NotFoundException
        if not await self._sessions.end(db, utc_now(), session_id=session_id):
            raise NotFoundException
        await self._audit.record(db, Action.SESSION_ENDED, target=("user", user_id))

    async def end_all(self, db: AsyncSession, user_id: int, but: int | None = None) -> int:
        """End every session of the account, except one; how many that were."""
        ended = await self._sessions.end_all(db, user_id, utc_now(), but)
        if ended:
            await self._audit.record(
                db, Action.SESSIONS_ENDED, target=("user", user_id), after={"ended": ended}
            )
        return ended

    async def is_familiar(self, db: AsyncSession, user_id: int) -> bool:
        """Whether the account was used from this kind of client before."""
        context = current()
        return await self._sessions.is_familiar(db, user_id, context.client, context.agent)

    async def proven(self, db: AsyncSession, session_id: int) -> None:
        """Whoever sits there has just proven who they are."""
        await self._sessions.proven(db, session_id, utc_now())

    async def forget(self, db: AsyncSession) -> None:
        """Sessions that were over for 90 days, and spent tokens that could not be used anyway."""
        now = utc_now()
        await self._sessions.forget(db, now - KEPT, now - IDLE)

    def _login(
        self,
        user: User,
        session: UserSession,
        refresh_token: str,
        device_token: str | None = None,
    ) -> Login:
        return Login(
            access_token=self._tokens.issue(user.id, session.sid),
            refresh_token=refresh_token,
            expires_in=int(self._tokens.lifetime.total_seconds()),
            user=user,
            device_token=device_token,
        )


def _view(session: UserSession, asking: int | None) -> SessionView:
    return SessionView(
        id=session.id,
        device=device(session.agent),
        address=session.address,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        current=session.id == asking,
    )
