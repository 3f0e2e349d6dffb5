"""Codes by mail: weaker than an app, since whoever reads the mail can reset the password too."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.limiter import LimitName, Limits
from portfolio.adapters.mailer.mails import TwoFactorCode
from portfolio.core.codes import mail_code
from portfolio.core.security import Derivation
from portfolio.db.repositories.two_factor import ChallengeRepository, SecondFactorRepository
from portfolio.models.two_factor import LoginChallenge, Method
from portfolio.models.users import User
from portfolio.services.mail import MailService

MOST_TRIES = 5


class EmailFactor:
    method = Method.EMAIL

    def __init__(
        self,
        rows: SecondFactorRepository,
        challenges: ChallengeRepository,
        digests: Derivation,
        limits: Limits,
        mail: MailService,
    ) -> None:
        """`digests`: what is stored of a code, under a key of ours: six digits are soon guessed."""
        self._rows = rows
        self._challenges = challenges
        self._digests = digests
        self._limits = limits
        self._mail = mail

    async def is_ready(self, db: AsyncSession, user: User) -> bool:
        return self.method in await self._rows.confirmed(db, user.id)

    async def send(self, db: AsyncSession, user: User, challenge: LoginChallenge) -> None:
        """Mail a code that lives as long as its challenge; an earlier one is dead.

        Raises RateLimitedException.
        """
        await self._limits.hit(LimitName.TWO_FACTOR_MAIL, str(user.id))
        code = mail_code()
        await self._challenges.put_code(db, challenge.id, self._digest(challenge, code))
        mail = TwoFactorCode(name=user.display_name, code=code, expires_at=challenge.expires_at)
        await self._mail.send(db, user.email, mail)

    async def verify(
        self, db: AsyncSession, user: User, challenge: LoginChallenge | None, code: str
    ) -> bool:
        """False also after five wrong tries."""
        del user
        if challenge is None:
            return False
        digest = self._digest(challenge, code.replace(" ", ""))
        if await self._challenges.use_code(db, challenge.id, digest, MOST_TRIES):
            return True
        await self._challenges.miss_code(db, challenge.id)
        return False

    def _digest(self, challenge: LoginChallenge, code: str) -> str:
        return self._digests.of(f"{challenge.id}:{code}")
