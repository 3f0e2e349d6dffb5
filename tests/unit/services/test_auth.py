"""What signing in does to the database while it waits for a hash."""

from collections.abc import Iterator
from contextlib import contextmanager

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
from portfolio.core.security import PasswordHasher
from portfolio.db.session import Database
from portfolio.models.credentials import OneTimeToken
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate
from portfolio.services.sessions import Login
from portfolio.services.two_factor import Challenge
from portfolio.wiring import Services


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
def hashing(services: Services) -> Iterator[Watchful]:
    watchful = Watchful(services.database)
    with using(services, watchful):
        yield watchful
    watchful.close()


@contextmanager
def using(services: Services, hashing: PasswordHashing) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services.auth, "_hashing", hashing)
        patch.setattr(services.users._password_policy, "_hashing", hashing)
        yield


async def log_in(services: Services, identifier: str) -> Login | Challenge:
    database = services.database
    async with database.reading() as reader, database.transaction() as db:
        return await services.auth.login(reader, db, identifier, PASSWORD)


@pytest.mark.requirement("86")
class TestLogin:
    async def test_holds_no_connection_while_it_hashes(
        self, services: Services, hashing: Watchful, user: User
    ) -> None:
        hashing.held.clear()
        assert await log_in(services, "reader")
        assert hashing.held == [0]

    async def test_works_as_hard_for_a_stranger(
        self, services: Services, hashing: Watchful
    ) -> None:
        with pytest.raises(InvalidCredentialsException):
            await log_in(services, "stranger")
        assert hashing.held == [0]

    async def test_refuses_an_account_that_changes_meanwhile(
        self, services: Services, user: User
    ) -> None:
        overtaken = Overtaken(services.database, update(User).values(is_active=False))
        with using(services, overtaken), pytest.raises(InvalidCredentialsException):
            await log_in(services, "reader")
        overtaken.close()


class TestClaim:
    @staticmethod
    async def _claim(services: Services) -> User:
        setup, database = services.setup, services.database
        async with database.transaction() as db:
            link = await setup.link(db)
        assert link is not None
        data = UserCreate(email="ada@example.com", username="ada", password=PASSWORD)
        async with database.reading() as reader, database.transaction() as db:
            return await setup.claim(reader, db, link.partition("=")[2], data)

    async def test_holds_no_connection_while_it_hashes(
        self, services: Services, hashing: Watchful
    ) -> None:
        assert (await self._claim(services)).is_admin
        assert hashing.held == [0]

    async def test_refuses_a_second_admin_when_one_comes_meanwhile(
        self, services: Services, user: User
    ) -> None:
        promoting = Overtaken(services.database, update(User).values(role=Role.ADMIN))
        with using(services, promoting), pytest.raises(ConflictException):
            await self._claim(services)
        promoting.close()

    async def test_refuses_a_link_that_is_used_meanwhile(self, services: Services) -> None:
        spent = Overtaken(services.database, update(OneTimeToken).values(used_at=utc_now()))
        with using(services, spent), pytest.raises(NotFoundException):
            await self._claim(services)
        spent.close()
