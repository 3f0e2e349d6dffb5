"""Secrets that work once."""

import asyncio
from datetime import timedelta

from portfolio.core.clock import utc_now
from portfolio.core.security import digest, random_token
from portfolio.db.repositories.credentials import OneTimeTokenRepository
from portfolio.db.session import Database
from portfolio.models.credentials import OneTimeToken, Purpose

tokens = OneTimeTokenRepository()


async def issue(database: Database, life: timedelta = timedelta(hours=1)) -> str:
    token = random_token()
    row = OneTimeToken(purpose=Purpose.SETUP, digest=digest(token), expires_at=utc_now() + life)
    async with database.transaction() as db:
        await tokens.create(db, row)
    return token


async def consume(database: Database, token: str) -> bool:
    async with database.transaction() as db:
        used = await tokens.consume(db, Purpose.SETUP, digest(token), utc_now())
        return used is not None


class TestConsume:
    async def test_succeeds_once(self, database: Database) -> None:
        token = await issue(database)
        assert await consume(database, token)
        assert not await consume(database, token)

    async def test_succeeds_for_one_of_fifty_at_once(self, database: Database) -> None:
        token = await issue(database)
        results = await asyncio.gather(*(consume(database, token) for _ in range(50)))
        assert sorted(results) == [False] * 49 + [True]

    async def test_fails_for_a_token_that_is_too_old(self, database: Database) -> None:
        assert not await consume(database, await issue(database, timedelta(seconds=-1)))

    async def test_fails_for_another_token(self, database: Database) -> None:
        await issue(database)
        assert not await consume(database, random_token())

    async def test_fails_for_what_was_discarded(self, database: Database) -> None:
        token = await issue(database)
        async with database.transaction() as db:
            await tokens.discard(db, Purpose.SETUP)
        assert not await consume(database, token)


class TestIsUsable:
    async def test_uses_nothing_up(self, database: Database) -> None:
        token = await issue(database)
        for _ in range(2):
            async with database.reading() as db:
                assert await tokens.usable(db, Purpose.SETUP, digest(token), utc_now())
        assert await consume(database, token)
        async with database.reading() as db:
            assert not await tokens.usable(db, Purpose.SETUP, digest(token), utc_now())
