"""Long-lived bearer tokens of an account, for static builds and scripts."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.errors import (
    ConflictException,
    InvalidInputException,
    NotFoundException,
    UnauthorizedException,
)
from portfolio.core.pagination import Page, PageRequest
from portfolio.core.security import digest, random_token
from portfolio.db.repositories.credentials import ApiTokenRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.db.session import Database
from portfolio.models.audit import Action
from portfolio.models.credentials import ApiToken, Scope
from portfolio.models.identity import Identity
from portfolio.models.users import User
from portfolio.schemas.api_tokens import ApiTokenCreate, ApiTokenIssued, ApiTokenRead
from portfolio.services import policy
from portfolio.services.audit import AuditService

# By which secret scanners know one where it should not be.
PREFIX = "pfl_"
MOST = 50
EVERY = timedelta(minutes=1)


class ApiTokenService:
    def __init__(
        self,
        database: Database,
        tokens: ApiTokenRepository,
        users: UserRepository,
        audit: AuditService,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._users = users
        self._audit = audit
        self._used: dict[int, datetime] = {}

    async def identity(self, db: AsyncSession, token: str) -> Identity:
        """Whom a token speaks for, now: one statement. Raises UnauthorizedException."""
        now = utc_now()
        identity = await self._tokens.identity(db, digest(token), now)
        if identity is None or identity.api_token is None:
            raise UnauthorizedException("The API token is not valid, or no longer")
        noted = identity.api_token.last_used_at
        if noted is None or noted <= now - EVERY:
            self._used[identity.api_token.id] = now
        return identity

    async def note_uses(self) -> None:
        """Write down when tokens were last used: now and then, so that no read has to wait for it."""
        used, self._used = self._used, {}
        if used:
            async with self._database.transaction() as db:
                await self._tokens.used(db, used)

    async def page(self, db: AsyncSession, user_id: int, request: PageRequest) -> Page[ApiToken]:
        """Newest first; those that have expired too."""
        return await self._tokens.of(db, user_id, request)

    async def create(self, db: AsyncSession, data: ApiTokenCreate, user: User) -> ApiTokenIssued:
        """The only time that anybody sees the token itself.

        Raises ConflictException beyond 50, InvalidInputException for more than the user may.
        """
        user = await self._users.get_locked(db, user.id)  # so that they are counted one by one
        allowed = policy.scopes_of(user)
        beyond = [scope for scope in data.scopes if scope not in allowed]
        if beyond:
            names = ", ".join(allowed)
            raise InvalidInputException.of(
                "scopes", f"{beyond[0]} is more than you may; choose of {names}", "beyond_role"
            )
        if data.expires_at is not None and data.expires_at <= utc_now():
            raise InvalidInputException.of("expires_at", "must lie in the future")
        if await self._tokens.number_of(db, user.id) >= MOST:
            raise ConflictException(f"{MOST} API tokens are enough; delete one first")
        token = PREFIX + random_token()
        row = ApiToken(
            user_id=user.id,
            name=data.name,
            digest=digest(token),
            hint=token[-4:],
            scopes=[scope.value for scope in Scope if scope in data.scopes],
            expires_at=data.expires_at,
        )
        await self._tokens.create(db, row)
        await self._audit.record(
            db,
            Action.API_TOKEN_CREATED,
            target=("user", user.id),
            after={"id": row.id, "name": row.name, "scopes": row.scopes},
        )
        shown = ApiTokenRead.model_validate(row).model_dump()
        return ApiTokenIssued(**shown, token=token)

    async def delete(self, db: AsyncSession, user_id: int, token_id: int) -> None:
        """It is refused from the commit on. Raises NotFoundException."""
        row = await self._tokens.get(db, token_id)
        if row is None or row.user_id != user_id:
            raise NotFoundException
        await self._tokens.delete(db, row)
        await self._audit.record(
            db,
            Action.API_TOKEN_REVOKED,
            target=("user", user_id),
            before={"id": row.id, "name": row.name, "scopes": row.scopes},
        )
