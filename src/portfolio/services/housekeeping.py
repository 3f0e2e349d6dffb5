"""What accounts leave behind and nobody needs any longer."""

from datetime import timedelta

from portfolio.core.clock import utc_now
from portfolio.db.repositories.credentials import OneTimeTokenRepository
from portfolio.db.repositories.lockout import AttemptCounterRepository
from portfolio.db.repositories.two_factor import ChallengeRepository
from portfolio.db.session import Database
from portfolio.services.registration import RegistrationService
from portfolio.services.sessions import SessionService

# How long it is of use to know from where somebody tried to sign in.
ATTEMPTS_KEPT = timedelta(days=90)
# Long enough to tell the holder of a dead link from a stranger, in a log.
SECRETS_KEPT = timedelta(days=7)


class Housekeeping:
    """Deletes by age, so it does not matter how often or by how many processes it is done."""

    def __init__(
        self,
        database: Database,
        sessions: SessionService,
        registration: RegistrationService,
        tokens: OneTimeTokenRepository,
        challenges: ChallengeRepository,
        counters: AttemptCounterRepository,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._registration = registration
        self._tokens = tokens
        self._challenges = challenges
        self._counters = counters

    async def forget(self) -> None:
        """Sessions that were over for 90 days, counters as old, links, challenges, registrations."""
        now = utc_now()
        async with self._database.transaction() as db:
            await self._sessions.forget(db)
            await self._tokens.forget_expired(db, now - SECRETS_KEPT)
            await self._challenges.forget_expired(db, now - SECRETS_KEPT)
            await self._counters.forget_before(db, now - ATTEMPTS_KEPT)
            await self._registration.forget_unverified(db)
