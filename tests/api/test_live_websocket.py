"""GET /api/v1/ws."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from tests.factories.api_tokens import make_api_token
from tests.factories.live import ORIGIN, STREAM, Page, open_page, served, tell
from tests.factories.posts import make_post
from tests.factories.servers import eventually
from tests.factories.users import change_users, make_access_token
from websockets.exceptions import InvalidStatus

from portfolio.core.config import LiveSettings, Settings
from portfolio.core.security import AccessTokens
from portfolio.models.credentials import Scope
from portfolio.models.live import Audience, LiveType
from portfolio.models.users import Role, User
from portfolio.wiring import Services

PENDING = LiveType.COMMENT_PENDING


@pytest.fixture
async def url(app: FastAPI, services: Services) -> AsyncIterator[str]:
    async with served(app) as address:
        yield address


@pytest.fixture
async def page(url: str) -> AsyncIterator[Page]:
    async with open_page(url, origin=url) as opened:
        yield opened


async def status(url: str, **options: object) -> int:
    """With which the handshake is refused; 101 if it is not."""
    try:
        async with open_page(url, **options):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.requirement("71")
class TestOrigin:
    async def test_of_a_stranger_is_refused(self, url: str) -> None:
        assert await status(url, origin="https://evil.example") == 403
        assert await status(url, origin="null") == 403
        assert await status(url, origin=f"{url}.evil.example") == 403

    async def test_may_be_our_own(self, url: str) -> None:
        assert await status(url, origin=url) == 101

    async def test_is_not_needed_with_a_token(
        self, url: str, services: Services, user: User
    ) -> None:
        token = await make_access_token(services, user)
        header = {"Authorization": f"Bearer {token}"}
        async with open_page(url, origin=None, additional_headers=header) as script:
            assert (await script.hear())["type"] == "ready"
        async with open_page(url, origin=None) as script:
            assert (await script.ask("auth", token=token))["type"] == "ready"

    async def test_is_needed_by_who_sends_none(self, url: str) -> None:
        async with open_page(url, origin=None) as script:
            await script.say("auth")
            assert await script.closed() == 4401


@pytest.mark.requirement("72")
class TestToken:
    async def test_makes_a_connection_somebodys(
        self, page: Page, services: Services, admin: User
    ) -> None:
        ready = await page.ask("auth", token=await make_access_token(services, admin))
        assert ready["type"] == "ready"
        assert ready["expires_at"].endswith("Z")
        assert (await page.ask("subscribe", topic="moderation"))["type"] == "subscribed"

    async def test_comes_as_a_subprotocol_too(
        self, url: str, services: Services, admin: User
    ) -> None:
        token = await make_api_token(services, admin, Scope.COMMENTS_MODERATE)
        offered = ["portfolio.v1", f"bearer.{token}"]
        async with open_page(url, origin=url, subprotocols=offered) as page:
            assert page.socket.subprotocol == "portfolio.v1"
            assert (await page.hear())["type"] == "ready"
            assert (await page.ask("subscribe", topic="moderation"))["type"] == "subscribed"
            refused = await page.ask("subscribe", topic="contact")
            assert refused["code"] == "insufficient_scope"

    async def test_is_refused_in_an_address(self, url: str) -> None:
        assert await status(url, origin=url, path="/api/v1/ws?token=x") == 403

    @pytest.mark.parametrize("first", [{"type": "auth", "token": "made up"}, {"type": "ping"}, []])
    async def test_that_is_none_ends_it(self, page: Page, first: object) -> None:
        await page.socket.send(json.dumps(first))
        assert await page.closed() == 4401

    async def test_is_waited_for_ten_seconds(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portfolio.api.live.connection._AUTH_SECONDS", 0.01)
        async with open_page(url, origin=url) as late:
            assert await late.closed() == 4401


class TestSubscribe:
    async def test_brings_what_happens_under_the_name_that_was_asked_for(
        self, page: Page, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin, "Open", slug="open")
        await page.follow("posts:open")
        await tell(services, f"posts:{post.id}", text="Hello")
        event = await page.hear()
        assert event["type"] == "comment.created"
        assert event["topic"] == "posts:open"
        assert event["data"] == {"text": "Hello"}
        assert event["id"].isdigit()
        assert event["at"].endswith("Z")

    async def test_brings_nothing_that_was_rolled_back(
        self, page: Page, services: Services
    ) -> None:
        await page.follow("posts")

        async def fails() -> None:
            async with services.database.transaction() as db:
                await services.live.tell(db, "posts", LiveType.POST_PUBLISHED, {})
                raise LookupError

        with pytest.raises(LookupError):
            await fails()
        await tell(services, "posts", n=1)
        assert (await page.hear())["data"] == {"n": 1}

    async def test_tells_no_draft_from_what_is_absent(
        self, page: Page, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, "Secret", slug="secret", status="draft")
        await page.follow()
        draft = await page.ask("subscribe", topic="posts:secret")
        absent = await page.ask("subscribe", topic="posts:absent")
        assert draft == {**absent, "topic": "posts:secret"}
        assert draft["code"] == "not_found"

    @pytest.mark.parametrize("topic", ["", "users", "posts:", "posts:a\0b", "profiles:owner", 5])
    async def test_refuses_what_is_no_topic(self, page: Page, topic: object) -> None:
        await page.follow()
        assert (await page.ask("subscribe", topic=topic))["code"] in {"not_found", "invalid_input"}
        await page.nothing_more()

    async def test_ends_with_unsubscribe(self, page: Page, services: Services) -> None:
        await page.follow("posts", "projects")
        assert await page.ask("unsubscribe", topic="posts") == {
            "type": "unsubscribed",
            "topic": "posts",
        }
        await tell(services, "posts")
        await tell(services, "projects")
        assert (await page.hear())["topic"] == "projects"

    async def test_is_for_fifty_topics(self, page: Page, services: Services, admin: User) -> None:
        post = await make_post(services, admin, "Open", slug="open")
        names = [f"posts:{post.id:0{width}}" for width in range(1, 19)]
        await page.follow("posts", "projects", "posts:open", *names)
        too_many = await page.ask("subscribe", topics=[f"x{number}" for number in range(50)])
        assert too_many["code"] == "invalid_input"


class TestMessages:
    async def test_that_mean_nothing_are_answered(self, page: Page) -> None:
        await page.follow()
        for text in ("{", "[]", "1", '{"type": "dance"}', '{"a": ' * 2000):
            await page.socket.send(text)
            assert (await page.hear())["code"] == "invalid_input"
        await page.nothing_more()

    async def test_are_text(self, page: Page) -> None:
        await page.follow()
        await page.socket.send(b"\0")
        assert await page.closed() == 1003

    @pytest.mark.requirement("74")
    async def test_have_64_kib_at_most(self, page: Page) -> None:
        await page.follow()
        await page.socket.send("x" * 65_537)
        assert await page.closed() == 1009

    @pytest.mark.requirement("74")
    async def test_come_a_hundred_times_in_a_minute_at_most(self, page: Page) -> None:
        await page.follow()
        for _ in range(100):
            await page.say("ping")
        assert await page.closed() == 1008

    @pytest.mark.requirement("74")
    async def test_are_sent_uncompressed(self, page: Page) -> None:
        assert not page.socket.protocol.extensions


@pytest.mark.requirement("74")
class TestNumber:
    async def test_of_one_account_is_five(self, url: str, services: Services, user: User) -> None:
        token = await make_access_token(services, user)
        async with AsyncExitStack() as stack:
            pages = [
                await stack.enter_async_context(open_page(url, origin=url))
                for _ in range(LiveSettings().per_user + 1)
            ]
            last = pages.pop()
            for page in pages:
                await page.follow(token=token)
            await last.say("auth", token=token)
            assert await last.closed() == 1008

    async def test_of_one_address_is_twenty(self, url: str) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(LiveSettings().per_client - 1):
                await stack.enter_async_context(open_page(url, origin=url))
            client = await stack.enter_async_context(httpx2.AsyncClient(base_url=url))
            async with open_page(url, origin=url):
                assert await status(url, origin=url) == 429
                assert (await client.get(f"{STREAM}?topic=posts")).status_code == 429

            async def is_free() -> bool:
                return await status(url, origin=url) == 101

            await eventually(is_free)


@pytest.mark.requirement("73")
class TestRights:
    async def test_are_looked_up_for_each_message_to_moderators(
        self, page: Page, services: Services, admin: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portfolio.services.live.hub._WATCH_SECONDS", 1000)
        await page.follow("moderation", "posts", token=await make_access_token(services, admin))
        await tell(services, "moderation", PENDING, Audience.MODERATORS, n=1)
        assert (await page.hear())["data"] == {"n": 1}
        await change_users(services.database, admin, role=Role.USER)
        await tell(services, "moderation", PENDING, Audience.MODERATORS, n=2)
        await tell(services, "posts", n=3)
        assert (await page.hear())["data"] == {"n": 3}

    async def test_of_others_do_not_reach_what_is_for_moderators(
        self, page: Page, services: Services, user: User
    ) -> None:
        await page.follow("posts", token=await make_access_token(services, user))
        assert (await page.ask("subscribe", topic="moderation"))["code"] == "forbidden"
        await tell(services, "posts", PENDING, Audience.MODERATORS, n=1)
        await tell(services, "posts", n=2)
        assert (await page.hear())["data"] == {"n": 2}

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"role": Role.USER}, 4403),
            ({"is_active": False}, 4401),
            ({"password_hash": "another"}, 4401),
        ],
    )
    async def test_that_change_end_the_connection(
        self, page: Page, services: Services, admin: User, change: dict[str, object], code: int
    ) -> None:
        await page.follow("posts", token=await make_access_token(services, admin))
        await change_users(services.database, admin, **change)
        async with asyncio.timeout(5):
            assert await page.closed() == code

    async def test_end_with_the_session(self, page: Page, services: Services, user: User) -> None:
        await page.follow("posts", token=await make_access_token(services, user))
        async with services.database.transaction() as db:
            await services.sessions.end_all(db, user.id)
        async with asyncio.timeout(5):
            assert await page.closed() == 4401

    async def test_end_with_the_token_unless_it_is_renewed(
        self, url: str, page: Page, services: Services, user: User
    ) -> None:
        async with services.database.transaction() as db:
            login = await services.sessions.open(db, user)
        brief = _brief(services, login.access_token)
        assert (await page.ask("auth", token=brief))["type"] == "ready"
        renewed = await page.ask("auth", token=login.access_token)
        assert renewed["type"] == "ready"
        async with open_page(url, origin=url) as other:
            assert (await other.ask("auth", token=brief))["type"] == "ready"
            assert await other.closed() == 4401
        await page.nothing_more()

    async def test_of_another_account_do_not_take_their_place(
        self, page: Page, services: Services, user: User, admin: User
    ) -> None:
        await page.follow(token=await make_access_token(services, user))
        other = await page.ask("auth", token=await make_access_token(services, admin))
        assert other["code"] == "forbidden"


def _brief(services: Services, token: str) -> str:
    """The same access, for a second."""
    tokens: AccessTokens = services.sessions._tokens
    access = tokens.check(token)
    brief = AccessTokens(services.keys, services.settings.server.address, timedelta(seconds=1))
    return brief.issue(access.user_id, access.sid)


class TestQueue:
    async def test_keeps_the_last_of_the_counts_only(self, page: Page, services: Services) -> None:
        await page.follow("posts", "projects")
        async with services.database.transaction() as db:
            for total in range(300):
                await services.live.tell(
                    db,
                    "posts",
                    LiveType.REACTIONS_CHANGED,
                    {"target_type": "posts", "target_id": 1, "total": total},
                )
        assert (await page.hear())["data"]["total"] == 299
        await page.nothing_more()

    @pytest.mark.requirement("74")
    async def test_of_who_takes_nothing_is_cut(self, page: Page, services: Services) -> None:
        await page.follow("posts")
        async with services.database.transaction() as db:
            for number in range(300):
                await services.live.tell(db, "posts", LiveType.COMMENT_CREATED, {"n": number})
        assert await page.closed() in {1006, 1013}


async def test_a_page_of_an_allowed_origin_is_welcome(url: str, settings: Settings) -> None:
    assert ORIGIN not in settings.server.allowed_origins
    assert await status(url) == 403
