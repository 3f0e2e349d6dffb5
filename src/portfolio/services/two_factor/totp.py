"""Codes of an authenticator app."""

from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import totp
from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException
from portfolio.core.sealing import SealBrokenError, Sealer
from portfolio.db.repositories.two_factor import SecondFactorRepository
from portfolio.models.two_factor import LoginChallenge, Method, SecondFactor
from portfolio.models.users import User

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs, shown this once."""

    secret: str
    otpauth_uri: str
    qr_svg: str


class TotpFactor:
    method = Method.TOTP

    def __init__(self, rows: SecondFactorRepository, sealer: Sealer, issuer: str) -> None:
        self._rows = rows
        self._sealer = sealer
        self._issuer = issuer

    async def is_ready(self, db: AsyncSession, user: User) -> bool:
        return self.method in await self._rows.confirmed(db, user.id)

    async def verify(
        self, db: AsyncSession, user: User, challenge: LoginChallenge | None, code: str
    ) -> bool:
        """False also for a code that was used, and for all that are older (RFC 6238, 5.2)."""
        del challenge
        row = await self._rows.find(db, user.id, self.method)
        if row is None or row.confirmed_at is None:
            return False
        seed = self._seed(row)
        step = totp.step_of(seed, code, utc_now()) if seed else None
        if seed is None or step is None:
            return False
        return await self._rows.advance(db, row.id, step, self._sealer.seal(seed))

    async def begin(self, db: AsyncSession, user: User) -> Enrolment:
        """A new seed, in place of one that was not confirmed. Raises ConflictException."""
        row = await self._rows.find(db, user.id, self.method)
        if row is not None and row.confirmed_at is not None:
            raise ConflictException(
                "An authenticator app is set up already; remove it first (DELETE /api/v1/me/2fa/totp)"
            )
        seed = totp.new_seed()
        if row is None:
            row = SecondFactor(user_id=user.id, method=self.method)
            db.add(row)
        row.secret = self._sealer.seal(seed)
        uri = totp.provisioning_uri(seed, user.email, self._issuer)
        return Enrolment(secret=seed, otpauth_uri=uri, qr_svg=totp.qr_svg(uri))

    async def pending(self, db: AsyncSession, user: User) -> SecondFactor:
        """What begin() made. Raises ConflictException where that is not so, or confirmed already."""
        row = await self._rows.find(db, user.id, self.method)
        if row is None:
            raise ConflictException("Nothing to confirm: POST /api/v1/me/2fa/totp comes first")
        if row.confirmed_at is not None:
            raise ConflictException("The authenticator app is confirmed already")
        return row

    def confirm(self, row: SecondFactor, code: str) -> bool:
        """Let it count from now on, if the code is right, which is used up by that."""
        seed, now = self._seed(row), utc_now()
        row.last_step = totp.step_of(seed, code, now) if seed else None
        if row.last_step is not None:
            row.confirmed_at = now
        return row.confirmed_at is not None

    def _seed(self, row: SecondFactor) -> str | None:
        try:
            return self._sealer.open(row.secret or "")
        except SealBrokenError:
            log.exception("two_factor.seal_broken", user=row.user_id)
            return None
