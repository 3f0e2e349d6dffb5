"""The first admin by a link that the server prints at its first start."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException, NotFoundException
from portfolio.core.security import digest, random_token
from portfolio.db.repositories.credentials import OneTimeTokenRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.models.credentials import OneTimeToken, Purpose
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate
from portfolio.services.auth import AuthService, Login
from portfolio.services.users import UserService

LINK_LIFE = timedelta(hours=24)


class SetupService:
    """Open while there is no admin; closed for good by the first."""

    def __init__(
        self,
        repository: UserRepository,
        tokens: OneTimeTokenRepository,
        users: UserService,
        auth: AuthService,
        address: str,
    ) -> None:
        self._repository = repository
        self._tokens = tokens
        self._users = users
        self._auth = auth
        self._address = address

    async def link(self, db: AsyncSession) -> str | None:
        """A new link, which ends the one before; None where there is an admin."""
        if await self._repository.has_admin(db):
            return None
        token = random_token()
        await self._tokens.discard(db, Purpose.SETUP)
        await self._tokens.create(
            db,
            OneTimeToken(
                purpose=Purpose.SETUP, digest=digest(token), expires_at=utc_now() + LINK_LIFE
            ),
        )
        return f"{self._address}/setup?token={token}"

    async def check(self, db: AsyncSession, token: str) -> None:
        """Raises ConflictException where there is an admin, NotFoundException for a dead link."""
        await self._refuse_second_admin(db)
        if not await self._tokens.is_usable(db, Purpose.SETUP, digest(token), utc_now()):
            raise _dead()

    async def claim(
        self, reader: AsyncSession, db: AsyncSession, token: str, data: UserCreate
    ) -> User:
        """Make the first admin; of many at once exactly one succeeds. Closes `reader`.

        Raises what check() and UserService.create() raise; the link works on after such a refusal.
        """
        await self.check(reader, token)
        await reader.close()
        password_hash = await self._users.hash_of(data)
        consumed = await self._tokens.consume(db, Purpose.SETUP, digest(token), utc_now())
        await self._refuse_second_admin(db)
        if not consumed:
            raise _dead()
        return await self._users.add(db, data, Role.ADMIN, password_hash)

    async def claim_and_sign_in(
        self, reader: AsyncSession, db: AsyncSession, token: str, data: UserCreate
    ) -> Login:
        """claim(), and a session for the new admin."""
        return await self._auth.open_session(db, await self.claim(reader, db, token, data))

    async def _refuse_second_admin(self, db: AsyncSession) -> None:
        if await self._repository.has_admin(db):
            raise ConflictException("This site is set up already; sign in")


def _dead() -> NotFoundException:
    return NotFoundException(
        "This link was used, replaced or is too old; restart the server for a new one"
    )
