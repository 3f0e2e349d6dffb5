"""What signing in does to the database while it waits for a hash."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Update, update
from sqlalchemy.pool import QueuePool
from tests.factories.users import PASSWORD

from portfolio.adapters.hashing import PasswordHashing
from portfolio.core.clock import utc_now
from portfolio.core.errors import (
    ConflictException,
    InvalidCredentialsException,
    NotFoundException,
)
from portfolio.core.security import AccessTokens, PasswordHasher
from portfolio.db.repositories.credentials import OneTimeTokenRepository, SessionRepository
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.db.session import Database
from portfolio.models.credentials import OneTimeToken
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate
from portfolio.services.auth import AuthService, Login
from portfolio.services.setup import SetupService
from portfolio.services.users import UserService


class Watchful(PasswordHashing):
    """Notes how many connections are in use whenever a hash is asked for."""

    def __init__(self, database: Database) -> None:
        super().__init__(PasswordHasher("p" * 32, 4))
        self.database = database
        self.held: list[int] = []

    async def hash(self, password: str) -> str:
        self._note()
        return await super().hash(password)

    async def verify(self, password: str, hashed: str | None) -> bool:
        self._note()
        return await super().verify(password, hashed)

    def _note(self) -> None:
        engines = self.database.engines
        pools = {engines.read.pool, engines.write.pool}
        self.held.append(sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool)))


class Overtaken(Watchful):
    """Somebody else changes the database while a hash is being made."""

    def __init__(self, database: Database, change: Update) -> None:
        super().__init__(database)
        self._change = change

    async def hash(self, password: str) -> str:
        await self._overtake()
        return await super().hash(password)

    async def verify(self, password: str, hashed: str | None) -> bool:
        await self._overtake()
        return await super().verify(password, hashed)

    async def _overtake(self) -> None:
        async with self.database.transaction() as db:
            await db.execute(self._change)


@pytest.fixture
def hashing(database: Database) -> Iterator[Watchful]:
    watchful = Watchful(database)
    yield watchful
    watchful.close()


def auth_service(hashing: PasswordHashing) -> AuthService:
    tokens = AccessTokens(["k" * 32], "http://test", timedelta(minutes=15))
    return AuthService(UserRepository(), SessionRepository(), hashing, tokens)


def setup_service(hashing: PasswordHashing) -> SetupService:
    users = UserService(UserRepository(), ProfileRepository(), hashing, "Example")
    return SetupService(
        UserRepository(), OneTimeTokenRepository(), users, auth_service(hashing), "http://test"
    )


async def log_in(database: Database, hashing: PasswordHashing, identifier: str) -> Login:
    async with database.reading() as reader, database.transaction() as db:
        return await auth_service(hashing).login(reader, db, identifier, PASSWORD)


class TestLogin:
    async def test_holds_no_connection_while_it_hashes(
        self, database: Database, hashing: Watchful, user: User
    ) -> None:
        assert await log_in(database, hashing, "reader")
        assert hashing.held == [0]

    async def test_works_as_hard_for_a_stranger(
        self, database: Database, hashing: Watchful
    ) -> None:
        with pytest.raises(InvalidCredentialsException):
            await log_in(database, hashing, "stranger")
        assert hashing.held == [0]

    async def test_refuses_an_account_that_changes_meanwhile(
        self, database: Database, user: User
    ) -> None:
        overtaken = Overtaken(database, update(User).values(is_active=False))
        with pytest.raises(InvalidCredentialsException):
            await log_in(database, overtaken, "reader")
        overtaken.close()


class TestClaim:
    @staticmethod
    async def _claim(database: Database, hashing: PasswordHashing) -> User:
        setup = setup_service(hashing)
        async with database.transaction() as db:
            link = await setup.link(db)
        assert link is not None
        data = UserCreate(email="ada@example.com", username="ada", password=PASSWORD)
        async with database.reading() as reader, database.transaction() as db:
            return await setup.claim(reader, db, link.partition("=")[2], data)

    async def test_holds_no_connection_while_it_hashes(
        self, database: Database, hashing: Watchful
    ) -> None:
        assert (await self._claim(database, hashing)).is_admin
        assert hashing.held == [0]

    async def test_refuses_a_second_admin_when_one_comes_meanwhile(
        self, database: Database, user: User
    ) -> None:
        promoting = Overtaken(database, update(User).values(role=Role.ADMIN))
        with pytest.raises(ConflictException):
            await self._claim(database, promoting)
        promoting.close()

    async def test_refuses_a_link_that_is_used_meanwhile(self, database: Database) -> None:
        using = Overtaken(database, update(OneTimeToken).values(used_at=utc_now()))
        with pytest.raises(NotFoundException):
            await self._claim(database, using)
        using.close()
