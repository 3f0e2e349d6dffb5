"""The first admin by a link that the server prints at its first start."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import ConflictException, InvalidTokenException, NotFoundException
from portfolio.db.repositories.users import UserRepository
from portfolio.models.credentials import Purpose
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate
from portfolio.services.auth import AuthService
from portfolio.services.one_time_tokens import OneTimeTokens
from portfolio.services.sessions import Login
from portfolio.services.users import UserService


class SetupService:
    """Open while there is no admin; closed for good by the first."""

    def __init__(
        self,
        repository: UserRepository,
        one_time: OneTimeTokens,
        users: UserService,
        auth: AuthService,
        address: str,
    ) -> None:
        self._repository = repository
        self._one_time = one_time
        self._users = users
        self._auth = auth
        self._address = address

    async def link(self, db: AsyncSession) -> str | None:
        """A new link, which ends the one before; None where there is an admin."""
        if await self._repository.has_admin(db):
            return None
        await self._one_time.discard(db, Purpose.SETUP)
        link = await self._one_time.issue(db, Purpose.SETUP)
        return f"{self._address}/setup?token={link.token}"

    async def check(self, db: AsyncSession, token: str) -> None:
        """Raises ConflictException where there is an admin, NotFoundException for a dead link."""
        await self._refuse_second_admin(db)
        try:
            await self._one_time.find(db, Purpose.SETUP, token)
        except InvalidTokenException:
            raise _dead() from None

    async def claim(
        self, reader: AsyncSession, db: AsyncSession, token: str, data: UserCreate
    ) -> User:
        """Make the first admin; of many at once exactly one succeeds. Closes `reader`.

        Raises what check() and UserService.create() raise; the link works on after such a refusal.
        """
        await self.check(reader, token)
        await reader.close()
        password_hash = await self._users.hash_of(data)
        try:
            await self._one_time.redeem(db, Purpose.SETUP, token)
        except InvalidTokenException:
            await self._refuse_second_admin(db)
            raise _dead() from None
        await self._refuse_second_admin(db)
        return await self._users.add(db, data, Role.ADMIN, password_hash)

    async def claim_and_sign_in(
        self, reader: AsyncSession, db: AsyncSession, token: str, data: UserCreate
    ) -> Login:
        """claim(), and a session for the new admin."""
        return await self._auth.complete(db, await self.claim(reader, db, token, data), None)

    async def _refuse_second_admin(self, db: AsyncSession) -> None:
        if await self._repository.has_admin(db):
            raise ConflictException("This site is set up already; sign in")


def _dead() -> NotFoundException:
    return NotFoundException(
        "This link was used, replaced or is too old; restart the server for a new one"
    )
