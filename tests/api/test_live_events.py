"""GET /api/v1/events."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select
from tests.factories.live import STREAM, Stream, open_stream, served, tell
from tests.factories.posts import make_post
from tests.factories.users import bearing, make_access_token

from portfolio.core.clock import utc_now
from portfolio.db.repositories.live import LiveEventRepository
from portfolio.db.session import Database
from portfolio.models.live import Audience, LiveEvent, LiveType
from portfolio.models.users import User
from portfolio.services.live import LiveRetention
from portfolio.wiring import Services


@pytest.fixture
async def url(app: FastAPI, services: Services) -> AsyncIterator[str]:
    async with served(app) as address:
        yield address


@pytest.fixture
async def stream(url: str) -> AsyncIterator[Stream]:
    async with open_stream(url, "posts", "projects") as opened:
        yield opened


async def age(database: Database) -> None:
    """What has happened was six minutes ago, and is forgotten."""
    async with database.transaction() as db:
        for event in await LiveEventRepository().since(db, 0, (), 1000):
            row = await db.get_one(LiveEvent, event.id)
            row.created_at = utc_now() - timedelta(minutes=6)
    await LiveRetention(database, LiveEventRepository()).forget()


class TestStream:
    async def test_brings_what_happens_to_anyone(
        self, stream: Stream, services: Services, admin: User
    ) -> None:
        headers = stream.response.headers
        assert headers["Content-Type"].startswith("text/event-stream")
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in headers
        begun = await stream.next()
        assert begun.fields.keys() == {"retry", "id"}
        await tell(services, "posts", LiveType.POST_PUBLISHED, title="a\nb")
        event = await stream.next()
        assert event.fields["event"] == "post.published"
        assert event.fields["id"] != begun.fields["id"]
        assert event.data.keys() == {"topic", "at", "data"}
        assert event.data["data"] == {"title": "a\nb"}

    async def test_says_something_now_and_then(
        self, url: str, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portfolio.api.live.events._COMMENT_SECONDS", 0.05)
        async with open_stream(url, "posts") as stream:
            await stream.next()
            comment = await stream.next()
        assert "" in comment.fields
        assert "id" in comment.fields

    async def test_may_be_asked_for_by_head(self, client: httpx2.AsyncClient) -> None:
        answer = await client.head(STREAM, params={"topic": "posts"})
        assert answer.status_code == 200

    async def test_holds_no_connection_to_the_database(
        self, stream: Stream, services: Services
    ) -> None:
        await stream.next()
        pool = services.database.engines.read.sync_engine.pool
        assert pool.checkedout() == 0  # type: ignore[attr-defined]  # of the pools that we use

    async def test_ends_with_the_server(self, stream: Stream, services: Services) -> None:
        await stream.next()
        await services.hub.end()
        services.hub.ending = False
        assert (await stream.next()).fields.keys() == {"retry"}
        with pytest.raises(StopAsyncIteration):
            await stream.next()

    @pytest.mark.requirement("73")
    async def test_ends_with_the_session(self, url: str, services: Services, user: User) -> None:
        token = await make_access_token(services, user)
        async with open_stream(url, "posts", headers=bearing(token)) as stream:
            assert stream.response.headers["Cache-Control"] == "private, no-store"
            await stream.next()
            async with services.database.transaction() as db:
                await services.sessions.end_all(db, user.id)
            with pytest.raises(StopAsyncIteration):
                await stream.next()


class TestTopic:
    @pytest.mark.parametrize("topic", ["posts:absent", "posts:secret", "users", "posts:"])
    @pytest.mark.requirement("38")
    async def test_has_to_be_one_that_the_caller_may_see(
        self, client: httpx2.AsyncClient, services: Services, admin: User, topic: str
    ) -> None:
        await make_post(services, admin, "Secret", slug="secret", status="draft")
        answer = await client.get(STREAM, params={"topic": topic})
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"

    async def test_is_wanted(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get(STREAM)).status_code == 422

    async def test_of_moderators_is_for_them(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        url: str,
        services: Services,
        admin: User,
    ) -> None:
        asked = {"topic": "contact"}
        assert (await client.get(STREAM, params=asked)).status_code == 401
        assert (await user_client.get(STREAM, params=asked)).status_code == 403
        headers = bearing(await make_access_token(services, admin))
        async with open_stream(url, "contact", headers=headers) as stream:
            await stream.next()
            await tell(services, "contact", LiveType.CONTACT_RECEIVED, Audience.MODERATORS, n=1)
            assert (await stream.next()).data["data"] == {"n": 1}


class TestLastEventId:
    async def test_brings_what_was_missed_and_then_what_comes(
        self, url: str, services: Services
    ) -> None:
        await tell(services, "posts", n="long ago")
        async with open_stream(url, "posts") as stream:
            begun = (await stream.next()).fields["id"]
        for number in range(3):
            await tell(services, "posts", n=number)
            await tell(services, "projects", n=number)
        async with open_stream(url, "posts", headers={"Last-Event-ID": begun}) as stream:
            await stream.next()
            missed = [await stream.next() for _ in range(3)]
            assert [each.data["data"]["n"] for each in missed] == [0, 1, 2]
            await tell(services, "posts", n=3)
            assert (await stream.next()).data["data"] == {"n": 3}
        async with open_stream(url, "posts", last_event_id=missed[1].fields["id"]) as stream:
            await stream.next()
            again = [(await stream.next()).data["data"]["n"] for _ in range(2)]
            assert again == [2, 3]

    async def test_shows_nobody_what_is_for_moderators(self, url: str, services: Services) -> None:
        await tell(services, "posts", n=0)
        await tell(services, "posts", LiveType.COMMENT_PENDING, Audience.MODERATORS, n=1)
        await tell(services, "posts", n=2)
        async with open_stream(url, "posts", last_event_id=await _before_all(services)) as stream:
            await stream.next()
            assert [(await stream.next()).data["data"]["n"] for _ in range(2)] == [0, 2]

    async def test_says_no_words_again_that_were_taken_back(
        self, url: str, services: Services
    ) -> None:
        created, deleted = LiveType.COMMENT_CREATED, LiveType.COMMENT_DELETED
        for kind, number in (
            (created, 7),
            (created, 8),
            (LiveType.COMMENT_UPDATED, 7),
            (deleted, 7),
            (created, 7),
        ):
            await tell(services, "posts", kind, id=number)
        last = await _before_all(services)
        async with open_stream(url, "posts", last_event_id=last) as stream:
            await stream.next()
            said = [await stream.next() for _ in range(3)]
        told = [(each.fields["event"], each.data["data"]["id"]) for each in said]
        assert told == [(created, 8), (deleted, 7), (created, 7)]

    @pytest.mark.parametrize("last", ["nonsense", "999999999", "-1", "1.2.3", "٣"])
    async def test_that_nobody_knows_asks_to_begin_anew(
        self, url: str, services: Services, last: str
    ) -> None:
        await tell(services, "posts")
        async with open_stream(url, "posts", last_event_id=last) as stream:
            await stream.next()
            assert (await stream.next()).fields["event"] == "reset"
            await tell(services, "posts", n=1)
            assert (await stream.next()).data["data"] == {"n": 1}

    async def test_that_is_too_old_asks_to_begin_anew(self, url: str, services: Services) -> None:
        await tell(services, "posts")
        last = await _before_all(services)
        await tell(services, "posts")
        await tell(services, "posts")
        await age(services.database)
        async with open_stream(url, "posts", last_event_id=last) as stream:
            await stream.next()
            assert (await stream.next()).fields["event"] == "reset"

    async def test_of_a_quiet_site_is_good_for_long(self, url: str, services: Services) -> None:
        await tell(services, "posts")
        async with open_stream(url, "posts") as stream:
            last = (await stream.next()).fields["id"]
        await age(services.database)
        async with open_stream(url, "posts", last_event_id=last) as stream:
            await stream.next()
            await tell(services, "posts", n=1)
            assert (await stream.next()).data["data"] == {"n": 1}

    async def test_from_long_ago_asks_to_begin_anew_rather_than_for_too_much(
        self, url: str, services: Services
    ) -> None:
        async with services.database.transaction() as db:
            for _ in range(250):
                await services.live.tell(db, "posts", LiveType.COMMENT_CREATED, {})
        async with open_stream(url, "posts", last_event_id=await _before_all(services)) as stream:
            await stream.next()
            assert (await stream.next()).fields["event"] == "reset"


class TestRetention:
    async def test_is_five_minutes_but_for_the_newest(self, database: Database) -> None:
        events = LiveEventRepository()
        async with database.transaction() as db:
            for _ in range(3):
                row = LiveEvent(
                    topic="posts",
                    type=LiveType.COMMENT_CREATED,
                    data={"body": "Secret words"},
                    audience=Audience.EVERYONE,
                )
                await events.add(db, row)
        await age(database)
        async with database.reading() as db:
            assert await events.last(db, 10) == [row.id]
            # Of that one the number is needed, and nothing else.
            assert await db.scalar(select(LiveEvent.data)) == {}
        async with database.transaction() as db:
            await db.execute(delete(LiveEvent))


async def _before_all(services: Services) -> str:
    async with services.database.reading() as db:
        oldest = await LiveEventRepository().oldest(db)
    return str((oldest or 1) - 1)
