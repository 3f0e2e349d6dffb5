"""Sign-in and sessions. Hashing waits in a queue of its own, and holds no connection meanwhile."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.hashing import PasswordHashing
from portfolio.core.clock import utc_now
from portfolio.core.context import current
from portfolio.core.errors import InvalidCredentialsException, UnauthorizedException
from portfolio.core.security import AccessTokens, digest, random_token
from portfolio.core.text import fold
from portfolio.db.repositories.credentials import SessionRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.models.credentials import UserSession
from portfolio.models.users import User

SESSION_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Login:
    """What a sign-in hands out; the refresh token is stored nowhere but with the client."""

    access_token: str
    refresh_token: str
    expires_in: int
    user: User


class AuthService:
    def __init__(
        self,
        users: UserRepository,
        sessions: SessionRepository,
        hashing: PasswordHashing,
        tokens: AccessTokens,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._hashing = hashing
        self._tokens = tokens

    async def login(
        self, reader: AsyncSession, db: AsyncSession, identifier: str, password: str
    ) -> Login:
        """Sign in by e-mail or user name. Closes `reader`.

        Raises InvalidCredentialsException, the same and after the same time, for an account that
        is unknown or deactivated and for a wrong password.
        """
        user = await self._users.by_identifier(reader, fold(identifier))
        await reader.close()
        stored = user.password_hash if user else None
        right = await self._hashing.verify(password, stored)
        if not right or user is None or stored is None or not user.is_active:
            raise _refused()
        if self._hashing.needs_rehash(stored):
            stored = await self._hashing.hash(password)
        if not await self._users.sign_in(db, user, utc_now(), stored):
            raise _refused()
        return await self.open_session(db, user)

    async def open_session(self, db: AsyncSession, user: User) -> Login:
        """Sign in whoever has proven to be this user."""
        now, context = utc_now(), current()
        refresh_token = random_token()
        session = UserSession(
            sid=random_token(),
            user_id=user.id,
            refresh_digest=digest(refresh_token),
            address=context.client[:64],
            agent=context.agent[:300],
            last_seen_at=now,
            expires_at=now + SESSION_LIFE,
        )
        await self._sessions.create(db, session)
        return Login(
            access_token=self._tokens.issue(user.id, session.sid),
            refresh_token=refresh_token,
            expires_in=int(self._tokens.lifetime.total_seconds()),
            user=user,
        )

    async def authenticate(self, db: AsyncSession, token: str) -> User:
        """Whom the token speaks for, now: one statement. Raises UnauthorizedException."""
        access = self._tokens.check(token)
        user = await self._sessions.user_of(db, access.sid, utc_now())
        if user is None or user.id != access.user_id:
            raise UnauthorizedException("The session has ended; sign in again")
        return user

    async def logout(self, db: AsyncSession, token: str) -> None:
        """End the session of this token, and so every token of it."""
        await self._sessions.end(db, self._tokens.check(token).sid, utc_now())


def _refused() -> InvalidCredentialsException:
    return InvalidCredentialsException(headers={"WWW-Authenticate": "Bearer"})
