"""Links that work once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.errors import InvalidTokenException
from portfolio.core.security import digest, random_token
from portfolio.db.repositories.credentials import OneTimeTokenRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.models.credentials import OneTimeToken, Purpose
from portfolio.models.users import Role, User

# RESET and UNLOCK as OWASP and NIST SP 800-63B-4 have it; the others as people read their mail.
LIFE = {
    Purpose.SETUP: timedelta(hours=24),
    Purpose.VERIFY_EMAIL: timedelta(hours=24),
    Purpose.CHANGE_EMAIL: timedelta(hours=24),
    Purpose.RESET_PASSWORD: timedelta(minutes=30),
    Purpose.UNLOCK: timedelta(minutes=15),
    Purpose.INVITE: timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Issued:
    token: str
    expires_at: datetime


class OneTimeTokens:
    """256 random bits each, kept as digests."""

    def __init__(self, tokens: OneTimeTokenRepository, users: UserRepository) -> None:
        self._tokens = tokens
        self._users = users

    async def issue(
        self,
        db: AsyncSession,
        purpose: Purpose,
        user_id: int | None = None,
        *,
        email: str | None = None,
        role: Role | None = None,
        expires_at: datetime | None = None,
    ) -> Issued:
        """A new one, which ends those that the account had for this purpose, but for invitations.

        It lives as long as its purpose asks for, unless `expires_at` says otherwise.
        """
        if user_id is not None and purpose is not Purpose.INVITE:
            await self._tokens.discard(db, purpose, user_id)
        token, expires_at = random_token(), expires_at or utc_now() + LIFE[purpose]
        row = OneTimeToken(
            purpose=purpose,
            digest=digest(token),
            user_id=user_id,
            email=email,
            role=role,
            expires_at=expires_at,
        )
        await self._tokens.create(db, row)
        return Issued(token, expires_at)

    async def redeem(self, db: AsyncSession, purpose: Purpose, token: str) -> OneTimeToken:
        """Use it up; of many at once exactly one succeeds. Raises InvalidTokenException."""
        row = await self._tokens.consume(db, purpose, digest(token), utc_now())
        if row is None:
            raise InvalidTokenException
        return row

    async def find(self, db: AsyncSession, purpose: Purpose, token: str) -> OneTimeToken:
        """What redeem() would use up now. Decides nothing: another may be faster.

        Raises InvalidTokenException.
        """
        row = await self._tokens.usable(db, purpose, digest(token), utc_now())
        if row is None:
            raise InvalidTokenException
        return row

    async def holder(self, db: AsyncSession, purpose: Purpose, token: str) -> User:
        """Whose account it is that find() finds. Raises InvalidTokenException."""
        row = await self.find(db, purpose, token)
        user = await self._users.get(db, row.user_id or 0)
        if user is None or not user.is_active:
            raise InvalidTokenException
        return user

    async def discard(self, db: AsyncSession, purpose: Purpose, user_id: int | None = None) -> None:
        """None of this purpose works any more: of all, or of one account."""
        await self._tokens.discard(db, purpose, user_id)
