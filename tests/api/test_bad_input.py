"""Whatever is sent, the answer is a refusal with a sentence, never a 500."""

import json
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from tests.factories.posts import make_post

from portfolio.models.users import User
from portfolio.wiring import Services

pytestmark = pytest.mark.requirement("43")

API = "/api/v1"
JSON = {"Content-Type": "application/json"}
BODIES = {
    "empty": (b"", 422),
    "no JSON": (b"{", 422),
    "no object": (b"[]", 422),
    "null": (b"null", 422),
    "a NUL": (b'{"title": "a\\u0000b"}', 422),
    "a raw NUL": (b'{"title": "a\0b"}', 422),
    "a NUL in a name": (b'{"title": "x", "ti\\u0000tle": 1}', 422),
    "a lone surrogate": (b'{"title": "\\ud800"}', 422),
    "a lone surrogate in a name": (b'{"title": "x", "\\udfff": 1}', 422),
    "no UTF-8": (b'{"title": "\xff\xfe"}', 422),
    "a byte order mark": (b'\xef\xbb\xbf{"title": "x"}', 422),
    "a name twice": (b'{"title": "a", "title": "b"}', 422),
    "a number beyond 64 bits": (b'{"title": "x", "series_position": 9223372036854775808}', 422),
    "a number without end": (b'{"title": "x", "series_position": ' + b"1" * 5000 + b"}", 422),
    "1e400": (b'{"title": "x", "series_position": 1e400}', 422),
    "NaN": (b'{"title": "x", "series_position": NaN}', 422),
    "Infinity": (b'{"title": "x", "series_position": -Infinity}', 422),
    "a deep array": (b'{"title": "x", "tags": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", 422),
    "a deep object": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 422),
    "2 MB": (b'{"title": "' + b"x" * 2_000_000 + b'"}', 413),
}


def refused(response: Response, status: int) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert body["status"] == status


class TestBodies:
    @pytest.mark.parametrize("path", ["posts", "projects", "tags", "render", "images", "videos"])
    @pytest.mark.parametrize("kind", BODIES)
    async def test_are_refused(self, admin_client: AsyncClient, path: str, kind: str) -> None:
        content, status = BODIES[kind]
        response = await admin_client.post(f"{API}/{path}", content=content, headers=JSON)
        refused(response, status)

    @pytest.mark.parametrize("kind", [kind for kind in BODIES if kind != "empty"])
    async def test_are_refused_for_a_change(
        self, admin_client: AsyncClient, services: Services, admin: User, kind: str
    ) -> None:
        post = await make_post(services, admin)
        content, status = BODIES[kind]
        url = f"{API}/posts/{post.id}"
        refused(await admin_client.patch(url, content=content, headers=JSON), status)
        if kind != "null":  # which is as good as no body where none is needed
            publish = f"{url}/publish"
            refused(await admin_client.post(publish, content=content, headers=JSON), status)

    @pytest.mark.parametrize(
        "content_type",
        [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"],
    )
    async def test_say_that_they_are_json(
        self, admin_client: AsyncClient, content_type: str | None
    ) -> None:
        headers = {"Content-Type": content_type} if content_type else {}
        content = json.dumps({"title": "x"}).encode()
        response = await admin_client.post(f"{API}/posts", content=content, headers=headers)
        refused(response, 415)

    @pytest.mark.parametrize(
        "content_type", ["application/json; charset=utf-8", "application/merge-patch+json"]
    )
    async def test_may_say_so_in_other_words(
        self, admin_client: AsyncClient, content_type: str
    ) -> None:
        response = await admin_client.post(
            f"{API}/posts", content=b'{"title": "x"}', headers={"Content-Type": content_type}
        )
        assert response.status_code == 201

    @pytest.mark.parametrize("field", ["body_markdown", "excerpt"])
    @pytest.mark.parametrize(
        "text",
        ["\ufeff", "\u202e", "\x1b[31m", "e\u0301" * 100, "\U0001f980" * 100, "\r\n", "%00", "'--"],
    )
    async def test_may_hold_any_text(
        self, admin_client: AsyncClient, field: str, text: str
    ) -> None:
        value = f"a{text}b"
        created = await admin_client.post(f"{API}/posts", json={"title": "T", field: value})
        assert created.status_code == 201
        found = (await admin_client.get(created.headers["Location"])).json()
        assert found[field] == value


class TestAddresses:
    @pytest.mark.parametrize(
        "ref",
        ["%00", "%FF", "%ED%A0%80", "a%00b", "..%2f", "%2e%2e", "x" * 201, "1" * 200, "%0a", "'"],
    )
    @pytest.mark.parametrize("noun", ["posts", "projects", "tags", "series"])
    async def test_are_refused_or_lead_nowhere(
        self, client: AsyncClient, noun: str, ref: str
    ) -> None:
        response = await client.get(f"{API}/{noun}/{ref}")
        refused(response, response.status_code)
        assert response.status_code in {400, 404, 422}

    @pytest.mark.parametrize("row_id", ["0", "-1", str(2**63), "1e3", "1.0", "x", "%00", "1" * 400])
    async def test_with_wrong_ids_change_nothing(
        self, admin_client: AsyncClient, row_id: str
    ) -> None:
        url = f"{API}/posts/{row_id}"
        for response in (
            await admin_client.patch(url, json={}),
            await admin_client.delete(url),
            await admin_client.post(f"{url}/publish"),
            await admin_client.get(f"{url}/revisions"),
        ):
            refused(response, response.status_code)
            assert response.status_code in {400, 404, 422}

    async def test_with_the_largest_id_are_not_found(self, admin_client: AsyncClient) -> None:
        url = f"{API}/posts/{2**63 - 1}"
        for response in (
            await admin_client.get(url),
            await admin_client.patch(url, json={}),
            await admin_client.delete(url),
            await admin_client.get(f"{url}/revisions/1"),
            await admin_client.get(f"{API}/images/{2**63 - 1}"),
        ):
            refused(response, 404)

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PUT", "posts", "GET, HEAD, POST, OPTIONS"),
            ("POST", "posts/1", "GET, HEAD, PATCH, DELETE, OPTIONS"),
            ("DELETE", "tags", "GET, HEAD, POST, OPTIONS"),
            ("PATCH", "redirects", "GET, HEAD, OPTIONS"),
            ("GET", "render", "POST, OPTIONS"),
        ],
    )
    async def test_name_the_methods_that_they_have(
        self, client: AsyncClient, method: str, path: str, allowed: str
    ) -> None:
        response = await client.request(method, f"{API}/{path}")
        refused(response, 405)
        assert response.headers["Allow"] == allowed


class TestQueries:
    @pytest.mark.parametrize("query", ["tag=%00", "tag=%FF", "sort=%ED%A0%80", "a=%", "%00=1"])
    async def test_are_refused(self, client: AsyncClient, query: str) -> None:
        response = await client.get(f"{API}/posts?{query}")
        refused(response, response.status_code)
        assert response.status_code in {400, 422}

    @pytest.mark.parametrize("wild", ["%25", "_", "[a-z]", "%27", "\\"])
    async def test_hold_no_wildcards(
        self, client: AsyncClient, services: Services, admin: User, wild: str
    ) -> None:
        await make_post(services, admin, aliases=["some/path"])
        found = (await client.get(f"{API}/redirects?address={wild}")).json()
        assert found["items"] == []
        body: Any = (await client.get(f"{API}/posts?author={wild}")).json()
        assert body["items"] == []

    @pytest.mark.parametrize("path", ["posts/1", "tags", "posts/1/related", "profile"])
    async def test_have_no_unknown_parameter(self, client: AsyncClient, path: str) -> None:
        refused(await client.get(f"{API}/{path}?utm_source=x"), 422)
