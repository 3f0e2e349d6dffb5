"""Answers that are kept ready: for whom, for how long, and what they say of themselves."""

import asyncio
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from prometheus_client import REGISTRY
from starlette.types import Receive, Scope, Send
from tests.factories.apps import ask
from tests.factories.clients import make_client
from tests.factories.posts import make_post, make_posts
from tests.factories.publications import NOUNS, make, make_hidden
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.core.config import Settings
from portfolio.main import create_app
from portfolio.models.users import User
from portfolio.schemas.taxonomy import GroupCreate
from portfolio.wiring import Services

API = "/api/v1"
POSTS = f"{API}/posts"


def state(response: Response) -> str:
    return response.headers["X-Cache"]


@pytest.fixture
async def warm(client: AsyncClient, services: Services, admin: User) -> str:
    """The address of a list that is kept ready."""
    await make_post(services, admin, "First", tags=["Rust"])
    response = await client.get(POSTS)
    assert (response.status_code, state(response)) == (200, "miss")
    return POSTS


class TestHit:
    @pytest.mark.parametrize(
        "path", ["posts", "posts/first", "profile", "tags", "tags/rust", "redirects", "series"]
    )
    @pytest.mark.usefixtures("warm")
    async def test_is_the_same_answer(self, client: AsyncClient, path: str) -> None:
        asked = [await client.get(f"{API}/{path}") for _ in range(2)]
        assert [state(asked[1]), asked[1].content] == ["hit", asked[0].content]
        own = {"x-cache", "x-request-id", "ratelimit"}
        first, second = (
            {name: value for name, value in response.headers.items() if name not in own}
            for response in asked
        )
        assert first == second

    async def test_has_a_request_id_and_a_place_in_the_limit_of_its_own(
        self, client: AsyncClient, warm: str
    ) -> None:
        first, second = [await client.get(warm) for _ in range(2)]
        assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
        assert first.headers["RateLimit"] != second.headers["RateLimit"]
        named = await client.get(warm, headers={"X-Request-ID": "mine"})
        assert (state(named), named.headers["X-Request-ID"]) == ("hit", "mine")

    async def test_names_what_it_depends_on(
        self, client: AsyncClient, warm: str, admin: User
    ) -> None:
        assert (await client.get(warm)).headers["Cache-Tag"] == "post:counts,posts"
        post = await client.get(f"{POSTS}/first")
        tags = post.headers["Cache-Tag"].split(",")
        shown = post.json()
        assert f"post:{shown['id']}" in tags
        assert f"tag:{shown['tags'][0]['id']}" in tags
        assert f"user:{admin.id}" in tags

    async def test_is_a_304_for_whoever_holds_it(self, client: AsyncClient, warm: str) -> None:
        whole = await client.get(warm)
        etag = whole.headers["ETag"]
        for sent in (etag, f'"other", {etag}', "*", etag.removeprefix("W/")):
            response = await client.get(warm, headers={"If-None-Match": sent})
            assert (response.status_code, state(response)) == (304, "hit")
            assert response.content == b""
            assert response.headers["ETag"] == etag
            for name in ("Vary", "Cache-Control", "Cache-Tag", "X-Content-Type-Options"):
                assert response.headers[name] == whole.headers[name]
            assert not {"content-length", "content-type"} & response.headers.keys()
        other = await client.get(warm, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200

    async def test_is_a_304_also_when_it_is_made_just_then(
        self, client: AsyncClient, warm: str
    ) -> None:
        fresh = f"{warm}?limit=7"
        etag = (await client.get(fresh, headers={"Cookie": "a=b"})).headers["ETag"]
        response = await client.get(fresh, headers={"If-None-Match": etag})
        assert (response.status_code, state(response)) == (304, "miss")
        assert state(await client.get(fresh)) == "hit"

    async def test_of_a_head_is_without_a_body(self, client: AsyncClient, warm: str) -> None:
        whole = await client.get(warm)
        response = await client.head(warm)
        assert (response.status_code, state(response), response.content) == (200, "hit", b"")
        assert response.headers["Content-Length"] == whole.headers["Content-Length"]
        assert response.headers["ETag"] == whole.headers["ETag"]

    @pytest.mark.parametrize("encoding", ["zstd", "br", "gzip"])
    async def test_comes_in_each_encoding(
        self, client: AsyncClient, services: Services, admin: User, encoding: str
    ) -> None:
        await make_posts(services, admin, 20)
        plain = await client.get(POSTS, headers={"Accept-Encoding": "identity"})
        answers = [
            await client.get(POSTS, headers={"Accept-Encoding": f"{encoding}, compress;q=0.1"})
            for _ in range(2)
        ]
        assert [state(answer) for answer in answers] == ["miss", "hit"]
        assert [answer.headers["Content-Encoding"] for answer in answers] == [encoding] * 2
        assert answers[0].content == answers[1].content
        assert {answer.headers["ETag"] for answer in answers} == {plain.headers["ETag"]}
        assert "Content-Encoding" not in plain.headers

    async def test_prefers_the_best_encoding_whatever_the_order(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_posts(services, admin, 20)
        chosen = {}
        for sent in ("gzip, br, zstd", "zstd;q=0.1, gzip", "zstd;q=0, br", "*", "", "nonsense"):
            response = await client.get(POSTS, headers={"Accept-Encoding": sent})
            chosen[sent] = response.headers.get("Content-Encoding")
            bypass = await client.get(POSTS, headers={"Accept-Encoding": sent, "Cookie": "a=b"})
            assert bypass.headers.get("Content-Encoding") == chosen[sent]
        assert chosen["gzip, br, zstd"] == chosen["zstd;q=0.1, gzip"] == "zstd"

    async def test_does_not_care_for_the_order_of_parameters(
        self, client: AsyncClient, warm: str
    ) -> None:
        await client.get(f"{warm}?limit=5&sort=title")
        assert state(await client.get(f"{warm}?sort=title&limit=5")) == "hit"
        assert state(await client.get(f"{warm}?sort=title&limit=6")) == "miss"

    @pytest.mark.requirement("64")
    async def test_does_not_depend_on_what_is_no_part_of_the_key(
        self, client: AsyncClient, warm: str
    ) -> None:
        plain = await client.get(warm)
        for name in ("X-Forwarded-Host", "X-Original-URL", "X-HTTP-Method-Override", "Accept"):
            odd = await client.get(f"{warm}?limit=11", headers={name: "evil.example"})
            assert odd.status_code == 200
            assert "evil" not in odd.text + str(odd.headers)
        assert (await client.get(warm)).content == plain.content


class TestUnixSocket:
    async def test_gets_hits_although_it_has_no_address(self, app: FastAPI, warm: str) -> None:
        async def nameless(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "client": None}, receive, send)

        transport = ASGITransport(app=nameless)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            assert [state(await client.get(warm)) for _ in range(2)] == ["hit", "hit"]


class TestOrigins:
    @pytest.mark.usefixtures("services")
    async def test_each_get_their_own_answer(self, settings: Settings) -> None:
        ours = ["https://a.example", "https://b.example"]
        server = settings.server.model_copy(update={"allowed_origins": ours})
        app = create_app(settings.model_copy(update={"server": server}))
        asked = [None, *ours, "https://evil.example"]
        async with app.router.lifespan_context(app), make_client(app) as client:
            allowed = []
            for origin in (*asked, *asked):
                response = await client.get(
                    f"{API}/redirects", headers={"Origin": origin} if origin else {}
                )
                assert "Origin" in response.headers["Vary"]
                allowed.append(
                    (state(response), response.headers.get("Access-Control-Allow-Origin"))
                )
        assert allowed == [
            ("miss", None),
            *(("miss", origin) for origin in ours),
            # Whoever is not allowed gets what everybody gets who names no origin.
            ("hit", None),
            ("hit", None),
            *(("hit", origin) for origin in ours),
            ("hit", None),
        ]


class TestFreshness:
    @pytest.mark.requirement("103")
    async def test_shows_a_write_at_once(
        self, client: AsyncClient, admin_client: AsyncClient, warm: str
    ) -> None:
        post = (await client.get(f"{POSTS}/first")).json()
        await client.get(f"{POSTS}/first")
        for number in range(20):
            title = f"Title {number}"
            await admin_client.patch(f"{POSTS}/{post['id']}", json={"title": title})
            assert (await client.get(f"{POSTS}/first")).json()["title"] == title
            assert (await client.get(warm)).json()["items"][0]["title"] == title

    async def test_keeps_what_a_write_does_not_touch(
        self, client: AsyncClient, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        one, other = [await make_post(services, admin, title) for title in ("One", "Other")]
        for url in (f"{POSTS}/other", f"{API}/projects", f"{API}/profile/resume.json"):
            await client.get(url)
        await admin_client.patch(f"{POSTS}/{one.id}", json={"title": "New"})
        assert state(await client.get(f"{POSTS}/other")) == "hit"
        assert state(await client.get(f"{API}/projects")) == "hit"
        await admin_client.patch(f"{POSTS}/{other.id}", json={"title": "New"})
        assert state(await client.get(f"{POSTS}/other")) == "miss"

    @pytest.mark.parametrize("noun", NOUNS)
    async def test_shows_what_is_scheduled_at_its_second(
        self, client: AsyncClient, services: Services, admin: User, noun: str
    ) -> None:
        listed = f"{API}/{noun}"
        due = utc_now() + timedelta(seconds=100)
        await make(services, noun, admin, "Now")
        await make(services, noun, admin, "Later", published_at=due, status="published")
        assert len((await client.get(listed)).json()["items"]) == 1
        with travel(due - timedelta(seconds=1), tick=False):
            response = await client.get(listed)
            assert (state(response), response.json()["total"]) == ("hit", 1)
        with travel(due, tick=False):
            response = await client.get(listed)
            assert (state(response), response.json()["total"]) == ("miss", 2)
            assert (await client.get(f"{listed}/later")).status_code == 200
            assert state(await client.get(listed)) == "hit"

    async def test_makes_everything_anew_after_a_while(
        self, client: AsyncClient, warm: str
    ) -> None:
        with travel(utc_now() + timedelta(seconds=301), tick=False):
            assert state(await client.get(warm)) == "miss"

    async def test_makes_everything_anew_after_a_purge(
        self, client: AsyncClient, services: Services, warm: str
    ) -> None:
        assert state(await client.get(warm)) == "hit"
        await services.cache.purge()
        assert state(await client.get(warm)) == "miss"

    async def test_of_what_shows_no_views_outlives_them(
        self, client: AsyncClient, warm: str
    ) -> None:
        await client.get(f"{API}/tags")
        assert (await client.post(f"{POSTS}/first/views")).status_code == 204
        assert state(await client.get(f"{API}/tags")) == "hit"
        response = await client.get(warm)
        assert state(response) == "miss"
        assert response.json()["items"][0]["counts"]["views"] == 1

    async def test_outlives_a_write_that_was_taken_back(
        self, client: AsyncClient, services: Services, admin: User, warm: str
    ) -> None:
        async def fail() -> None:
            async with services.database.transaction() as db:
                await services.tags.create(db, GroupCreate(name="New"))
                raise ZeroDivisionError

        await client.get(f"{API}/tags")
        with pytest.raises(ZeroDivisionError):
            await fail()
        assert state(await client.get(f"{API}/tags")) == "hit"
        assert state(await client.get(warm)) == "hit"


@pytest.mark.requirement("63")
class TestBypass:
    async def test_is_for_whoever_is_signed_in(
        self, client: AsyncClient, admin_client: AsyncClient, user_client: AsyncClient, warm: str
    ) -> None:
        for somebody in (admin_client, user_client):
            response = await somebody.get(warm)
            assert state(response) == "bypass"
            assert response.headers["Cache-Control"] == "private, no-store"
            assert "Cache-Tag" not in response.headers
        assert state(await client.get(warm)) == "hit"

    async def test_leaves_nothing_of_theirs_behind(
        self, client: AsyncClient, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_hidden(services, "posts", admin, "draft", title="Secret")
        url = f"{POSTS}/secret"
        assert (await admin_client.get(url)).status_code == 200
        assert (await client.get(url)).status_code == 404
        assert (await admin_client.get(f"{POSTS}?status=any")).json()["total"] == 1
        assert (await client.get(f"{POSTS}?status=any")).status_code == 401

    @pytest.mark.parametrize(
        "headers",
        [{"Cookie": "a=b"}, {"Authorization": "Basic x"}, {"Range": "bytes=0-1"}],
        ids=lambda headers: str(next(iter(headers))),
    )
    async def test_is_for_whoever_asks_for_themselves(
        self, client: AsyncClient, warm: str, headers: dict[str, str]
    ) -> None:
        assert state(await client.get(warm, headers=headers)) == "bypass"

    async def test_is_for_previews(
        self, client: AsyncClient, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        row = await make_hidden(services, "posts", admin, "draft", title="Secret")
        link = (await admin_client.post(f"{POSTS}/{row.id}/preview-links")).json()
        for _ in range(2):
            response = await client.get(link["url"])
            assert (response.status_code, state(response)) == (200, "bypass")
            assert "Cache-Tag" not in response.headers
        held = await client.get(link["url"], headers={"If-None-Match": response.headers["ETag"]})
        assert held.status_code == 304
        await admin_client.delete(f"{POSTS}/{row.id}")
        assert (await client.get(link["url"])).status_code == 404

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/health", 200), ("/openapi.json", 200), (f"{POSTS}/nothing", 404), ("/nothing", 404)],
    )
    @pytest.mark.usefixtures("services")
    async def test_is_for_what_nobody_keeps(
        self, client: AsyncClient, path: str, status: int
    ) -> None:
        for _ in range(2):
            response = await client.get(path)
            assert (response.status_code, state(response)) == (status, "bypass")

    async def test_says_nothing_of_writes(self, admin_client: AsyncClient) -> None:
        response = await admin_client.post(POSTS, json={"title": "New", "body_markdown": ""})
        assert "X-Cache" not in response.headers

    async def test_is_for_hosts_that_are_not_ours(self, app: FastAPI, warm: str) -> None:
        target = warm.encode()
        assert (await ask(app, target, headers=[(b"host", b"test")])).status == 200
        for headers in ([], [(b"host", b"a"), (b"host", b"b")], [(b"host", b"b ad")]):
            assert (await ask(app, target, headers=headers)).status == 400


class TestMany:
    @pytest.mark.requirement("103")
    async def test_at_once_are_answered_from_one(
        self, app: FastAPI, services: Services, admin: User, count_queries: list[str]
    ) -> None:
        await make_posts(services, admin, 3)
        async with make_client(app) as client:
            count_queries.clear()
            await client.get(f"{POSTS}?limit=1", headers={"Cookie": "a=b"})
            alone = len(count_queries)
            count_queries.clear()
            answers = await asyncio.gather(*[client.get(POSTS) for _ in range(200)])
        states = [state(answer) for answer in answers]
        assert (states.count("miss"), states.count("hit")) == (1, 199)
        # One more tells when something is due.
        assert len(count_queries) <= alone + 1
        assert len({answer.content for answer in answers}) == 1

    async def test_different_ones_take_no_more_memory_than_they_may(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin)
        for number in range(300):
            await client.get(f"{POSTS}?tag=t{number}")
        kept = services.cache.bytes
        assert 300 * 1024 < kept <= services.settings.cache.max_mb * 1024 * 1024


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("http_cache_requests_total", {"result": result}) or 0.0


class TestMetrics:
    async def test_count_what_the_cache_did(self, client: AsyncClient, warm: str) -> None:
        await asyncio.sleep(0.2)
        before = {result: counted(result) for result in ("hit", "miss", "bypass")}
        await client.get(warm)
        await client.get(warm)
        await client.get(warm, headers={"Cookie": "a=b"})
        await client.get(f"{warm}?limit=9")
        # Hits are summed up ten times a second.
        await asyncio.sleep(0.2)
        after = {result: counted(result) - count for result, count in before.items()}
        assert after == {"hit": 2, "miss": 1, "bypass": 1}
