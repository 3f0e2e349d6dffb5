from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse
from httpx2 import AsyncClient
from tests.factories.apps import client_of, make_app

from portfolio.api.conditional import PRIVATE, row_version, versioned
from portfolio.core.config import CacheSettings
from portfolio.core.errors import PreconditionFailedException

pytestmark = pytest.mark.requirement("63")

router = APIRouter()
state = {"version": 7, "title": "one"}


@router.get("/posts")
async def list_posts() -> list[str]:
    return [str(state["title"])]


@router.get("/posts/1")
async def get_post(
    response: Response, authorization: Annotated[str | None, Header()] = None
) -> dict[str, str]:
    versioned(response, 7)
    return {"title": "one", "for": authorization or "anyone"}


@router.patch("/posts/1")
async def update_post(response: Response) -> dict[str, str]:
    versioned(response, 8)
    return {"title": "two"}


@router.get("/cookie")
async def cookie(response: Response) -> str:
    response.set_cookie("a", "b")
    return "a"


@router.get("/preview")
async def preview(response: Response) -> str:
    response.headers["Cache-Control"] = PRIVATE
    return "a"


@router.get("/dated")
async def dated(response: Response) -> str:
    response.headers["Last-Modified"] = "Sun, 22 Nov 2026 10:00:00 GMT"
    return "a"


@router.get("/own")
async def own() -> Response:
    return Response("a", headers={"ETag": '"mine"', "Vary": "Accept", "X-Kept": "yes"})


@router.get("/old")
async def old() -> Response:
    return Response(status_code=308, headers={"Location": "/posts/1"})


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    return StreamingResponse(chunks(), media_type="application/x-ndjson")


@pytest.fixture
def client() -> AsyncClient:
    return client_of(make_app(router))


async def tag_of(client: AsyncClient, path: str, **headers: str) -> str:
    return (await client.get(path, headers=headers)).headers["etag"]


class TestEntityTag:
    async def test_is_weak_and_follows_the_body(self, client: AsyncClient) -> None:
        first, again = await tag_of(client, "/posts"), await tag_of(client, "/posts")
        state["title"] = "two"
        assert first == again
        assert first.startswith('W/"')
        assert await tag_of(client, "/posts") != first

    async def test_begins_with_the_version_of_the_row(self, client: AsyncClient) -> None:
        assert (await tag_of(client, "/posts/1")).startswith('W/"7.')

    async def test_tells_representations_of_one_version_apart(self, client: AsyncClient) -> None:
        mine = await tag_of(client, "/posts/1", authorization="Bearer a")
        assert mine != await tag_of(client, "/posts/1")
        assert row_version(mine) == 7

    async def test_comes_with_the_new_state_after_a_change(self, client: AsyncClient) -> None:
        answer = await client.patch("/posts/1")
        assert row_version(answer.headers["etag"]) == 8

    async def test_of_the_endpoint_stays(self, client: AsyncClient) -> None:
        assert await tag_of(client, "/own") == '"mine"'

    async def test_is_not_put_on_errors_and_streams(self, client: AsyncClient) -> None:
        for path in ("/nowhere", "/stream"):
            assert "etag" not in (await client.get(path)).headers

    async def test_leaves_a_stream_untouched(self, client: AsyncClient) -> None:
        assert (await client.get("/stream")).text == "ab"


class TestIfNoneMatch:
    async def test_saves_the_body(self, client: AsyncClient) -> None:
        full = await client.get("/posts/1")
        tag = full.headers["etag"]
        answer = await client.get("/posts/1", headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == full.headers["cache-control"]
        assert set(answer.headers["vary"].split(", ")) == {"Authorization", "Accept-Encoding"}
        assert not {"content-length", "content-type"} & set(answer.headers)

    async def test_works_for_head(self, client: AsyncClient) -> None:
        tag = await tag_of(client, "/posts/1")
        answer = await client.head("/posts/1", headers={"If-None-Match": tag})
        assert answer.status_code == 304

    @pytest.mark.parametrize("form", ["{tag}", '"other", {tag}', '"a,b" , W/"c",{tag}', "*"])
    async def test_takes_lists_and_the_star(self, client: AsyncClient, form: str) -> None:
        header = form.format(tag=await tag_of(client, "/posts/1"))
        answer = await client.get("/posts/1", headers={"If-None-Match": header})
        assert answer.status_code == 304

    async def test_compares_weakly(self, client: AsyncClient) -> None:
        strong = (await tag_of(client, "/posts/1")).removeprefix("W/")
        answer = await client.get("/posts/1", headers={"If-None-Match": strong})
        assert answer.status_code == 304

    @pytest.mark.parametrize("header", ['"7"', 'W/"7."', "7", '"', "", "W/*", '"a" "b"'])
    async def test_sends_the_body_for_other_tags(self, client: AsyncClient, header: str) -> None:
        answer = await client.get("/posts/1", headers={"If-None-Match": header})
        assert answer.status_code == 200

    async def test_does_not_apply_to_writes(self, client: AsyncClient) -> None:
        answer = await client.patch("/posts/1", headers={"If-None-Match": "*"})
        assert answer.status_code == 200

    async def test_keeps_what_the_endpoint_set(self, client: AsyncClient) -> None:
        answer = await client.get("/own", headers={"If-None-Match": '"mine"'})
        assert (answer.status_code, answer.headers["x-kept"]) == (304, "yes")
        assert answer.headers["vary"] == "Accept, Authorization, Accept-Encoding"


class TestIfModifiedSince:
    @pytest.mark.parametrize(
        ("since", "status"),
        [
            ("Sun, 22 Nov 2026 10:00:00 GMT", 304),
            ("Mon, 23 Nov 2026 10:00:00 GMT", 304),
            ("Sun, 22 Nov 2026 09:59:59 GMT", 200),
            ("yesterday", 200),
        ],
    )
    async def test_is_held_against_last_modified(
        self, client: AsyncClient, since: str, status: int
    ) -> None:
        answer = await client.get("/dated", headers={"If-Modified-Since": since})
        assert answer.status_code == status

    async def test_counts_only_where_there_is_no_tag_to_compare(self, client: AsyncClient) -> None:
        headers = {"If-None-Match": '"x"', "If-Modified-Since": "Mon, 23 Nov 2026 10:00:00 GMT"}
        assert (await client.get("/dated", headers=headers)).status_code == 200


class TestCacheControl:
    @pytest.mark.parametrize("path", ["/posts", "/old", "/stream"])
    async def test_makes_caches_ask_before_they_reuse(self, client: AsyncClient, path: str) -> None:
        answer = await client.get(path)
        assert answer.headers["cache-control"] == "public, no-cache"
        assert "Authorization" in answer.headers["vary"]

    async def test_lets_the_operator_allow_more(self) -> None:
        cache = CacheSettings(max_age=60, stale_while_revalidate=300)
        answer = await client_of(make_app(router, cache=cache)).get("/posts")
        expected = "public, max-age=60, stale-while-revalidate=300"
        assert answer.headers["cache-control"] == expected

    @pytest.mark.parametrize("header", ["Authorization", "Cookie"])
    async def test_keeps_identified_callers_out_of_caches(
        self, client: AsyncClient, header: str
    ) -> None:
        answer = await client.get("/posts", headers={header: "a"})
        assert answer.headers["cache-control"] == "private, no-store"

    async def test_keeps_cookies_out_of_caches(self, client: AsyncClient) -> None:
        answer = await client.get("/cookie")
        assert answer.headers["cache-control"] == "private, no-store"

    async def test_yields_to_the_endpoint(self, client: AsyncClient) -> None:
        assert (await client.get("/preview")).headers["cache-control"] == "private, no-store"

    async def test_keeps_writes_and_errors_out_of_caches(self, client: AsyncClient) -> None:
        assert (await client.patch("/posts/1")).headers["cache-control"] == "no-store"
        assert (await client.get("/nowhere")).headers["cache-control"] == "no-store"


class TestRowVersion:
    @pytest.mark.parametrize(
        ("header", "version"),
        [
            (None, None),
            ("*", None),
            ('W/"7.0a1b"', 7),
            ('"7.0a1b"', 7),
            ('"7"', 7),
            ('"7.0a1b-gzip"', 7),
            ('W/"6.ff", W/"7.0a"', 7),
        ],
    )
    def test_is_read_from_if_match(self, header: str | None, version: int | None) -> None:
        assert row_version(header) == version

    @pytest.mark.parametrize("header", ["", "7", '"', '"abc"', 'W/"0a1b2c"', '"7" "8"', "**"])
    def test_refuses_what_names_no_version(self, header: str) -> None:
        with pytest.raises(PreconditionFailedException):
            row_version(header)
