"""Events whose numbers are not committed in order, as on servers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from tests.databases import server_url
from tests.factories.live import open_stream, served

from portfolio.models.live import LiveType
from portfolio.wiring import Services

pytestmark = pytest.mark.skipif(
    server_url() is None, reason="SQLite has one writer, which commits in order"
)


@pytest.fixture
async def url(app: FastAPI, services: Services) -> AsyncIterator[str]:
    async with served(app) as address:
        yield address


async def say(services: Services, db: AsyncSession, number: int) -> None:
    await services.live.tell(db, "posts", LiveType.COMMENT_CREATED, {"n": number})


async def test_what_comes_late_is_told_and_told_once(url: str, services: Services) -> None:
    async with open_stream(url, "posts") as stream, AsyncExitStack() as stack:
        await stream.next()
        late = await stack.enter_async_context(services.database.transaction())
        await say(services, late, 1)
        async with services.database.transaction() as db:
            await say(services, db, 2)
        second = await stream.next()
        await stack.aclose()
        first = await stream.next()
        async with services.database.transaction() as db:
            await say(services, db, 3)
        third = await stream.next()
    assert [each.data["data"]["n"] for each in (second, first, third)] == [2, 1, 3]
    # Of the numbers that may still come, the late one is none any more.
    waited, waits = (set(each.fields["id"].split(".")[1:]) for each in (second, third))
    assert waits < waited


async def test_what_comes_late_is_not_missed_by_who_was_away(url: str, services: Services) -> None:
    async with AsyncExitStack() as stack:
        late = await stack.enter_async_context(services.database.transaction())
        async with open_stream(url, "posts") as stream:
            await stream.next()
            await say(services, late, 1)
            async with services.database.transaction() as db:
                await say(services, db, 2)
            last = (await stream.next()).fields["id"]
        await stack.aclose()
    async with open_stream(url, "posts", last_event_id=last) as stream:
        await stream.next()
        assert (await stream.next()).data["data"] == {"n": 1}
        async with services.database.transaction() as db:
            await say(services, db, 3)
        assert (await stream.next()).data["data"] == {"n": 3}
