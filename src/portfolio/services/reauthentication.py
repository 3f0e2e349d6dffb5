"""Proving again who one is, before something that is not easily undone."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import (
    InvalidCodeException,
    UnauthorizedException,
    WrongPasswordException,
)
from portfolio.models.audit import Action
from portfolio.models.identity import Identity
from portfolio.schemas.two_factor import Proof
from portfolio.services.audit import AuditService
from portfolio.services.auth import AuthService
from portfolio.services.sessions import SessionService
from portfolio.services.two_factor import TwoFactorService


class ReauthenticationService:
    def __init__(
        self,
        auth: AuthService,
        two_factor: TwoFactorService,
        sessions: SessionService,
        audit: AuditService,
    ) -> None:
        self._auth = auth
        self._two_factor = two_factor
        self._sessions = sessions
        self._audit = audit

    async def prove(self, db: AsyncSession, identity: Identity, proof: Proof) -> None:
        """Make the session fresh for five minutes; `db` begins only after the hash.

        Raises WrongPasswordException, InvalidCodeException, AccountLockedException.
        """
        if identity.session is None:
            raise UnauthorizedException
        target = ("user", identity.user.id)
        try:
            await self._look_at(db, identity, proof)
        except (WrongPasswordException, InvalidCodeException):
            await self._audit.record(db, Action.AUTH_REAUTHENTICATION_FAILED, target=target)
            raise
        await self._sessions.proven(db, identity.session.id)
        await self._audit.record(db, Action.AUTH_REAUTHENTICATED, target=target)

    async def _look_at(self, db: AsyncSession, identity: Identity, proof: Proof) -> None:
        if proof.password is not None:
            await self._auth.check_password(identity.user, proof.password)
        elif proof.method is not None and proof.code is not None:
            await self._two_factor.prove(db, identity.user, proof.method, proof.code)
