"""Two ways through every list; posts stand for all."""

import base64
import json
import re
from itertools import pairwise
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.posts import make_posts
from tests.factories.projects import make_project

from portfolio.models.users import User
from portfolio.wiring import Services

POSTS = "/api/v1/posts"
POST_KEYS = ("published_at", "created_at", "updated_at", "title", "views")
PROJECT_KEYS = (*POST_KEYS, "position")
LISTS = (
    *(("posts", key) for key in POST_KEYS),
    *(("projects", key) for key in PROJECT_KEYS),
    *(("tags", key) for key in ("name", "slug", "created_at")),
)


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


async def by_page(client: AsyncClient, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        body = (await client.get(f"{url}&page={page}")).json()
        assert body["page"] == page
        found += body["items"]
        if page >= body["pages"]:
            assert body["next_cursor"] is None
            assert body["total"] == len(found)
            return found
        page += 1


async def by_cursor(client: AsyncClient, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    body = (await client.get(url)).json()
    while True:
        found += body["items"]
        if body["next_cursor"] is None:
            return found
        body = (await client.get(f"{url}&cursor={body['next_cursor']}")).json()
        assert body["items"]
        assert (body["total"], body["page"], body["pages"]) == (None, None, None)


def links(header: str) -> dict[str, str]:
    return {name: url for url, name in re.findall(r'<([^>]*)>; rel="([a-z]+)"', header)}


class TestBothWays:
    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize(("noun", "key"), LISTS)
    async def test_show_each_item_exactly_once_in_order(
        self,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
        key: str,
        descending: bool,
    ) -> None:
        # Equal values among others: the primary key alone keeps them apart.
        for number in range(7):
            title, position = f"Of {number // 3}", number // 2
            at = f"202{number // 3}-01-01T00:00:00Z"
            if noun == "projects":
                await make_project(
                    services, admin, title, position=position, published_at=at, technologies=["x"]
                )
            else:
                tags = [f"tag {number}"]
                await make_posts(services, admin, 1, title=title, tags=tags, published_at=at)
        sort = f"-{key}" if descending else key
        url = f"/api/v1/{noun}?limit=2&sort={sort}"
        pages, cursors = await by_page(client, url), await by_cursor(client, url)
        assert pages == cursors
        assert len({item["id"] for item in pages}) == len(pages) == 7
        values = [self.value(item, key) for item in pages]
        assert values == sorted(values, reverse=descending)
        ties = [(a["id"], b["id"]) for a, b in pairwise(pages) if a.get(key) == b.get(key)]
        assert all((one > other) is descending for one, other in ties) or key == "views"

    @staticmethod
    def value(item: dict[str, Any], key: str) -> Any:
        return item["counts"]["views"] if key == "views" else item[key]

    async def test_show_what_was_there_from_the_beginning_while_others_are_added(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        old = await make_posts(services, admin, 6)
        first = (await client.get(f"{POSTS}?limit=3")).json()
        await make_posts(services, admin, 3)
        rest = (await client.get(f"{POSTS}?limit=3&cursor={first['next_cursor']}")).json()
        seen = [item["id"] for item in first["items"] + rest["items"]]
        assert sorted(seen) == [post.id for post in old]

    async def test_begin_with_the_same_answer(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_posts(services, admin, 3)
        assert (await client.get(f"{POSTS}?limit=2")).json() == (
            await client.get(f"{POSTS}?limit=2&page=1")
        ).json()

    async def test_are_not_walked_at_once(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_posts(services, admin, 3)
        following = (await client.get(f"{POSTS}?limit=1")).json()["next_cursor"]
        response = await client.get(f"{POSTS}?page=2&cursor={following}")
        assert response.status_code == 422
        assert "not both" in response.json()["detail"]


class TestLinks:
    async def test_lead_through_numbered_pages_and_keep_the_rest_of_the_query(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_posts(services, admin, 5, tags=["x"])
        first = await client.get(f"{POSTS}?tag=x&limit=2&sort=title")
        assert links(first.headers["Link"]) == {"next": f"{POSTS}?tag=x&limit=2&sort=title&page=2"}
        second = await client.get(links(first.headers["Link"])["next"])
        assert links(second.headers["Link"]) == {
            "next": f"{POSTS}?tag=x&limit=2&sort=title&page=3",
            "prev": f"{POSTS}?tag=x&limit=2&sort=title&page=1",
        }
        last = await client.get(links(second.headers["Link"])["next"])
        assert links(last.headers["Link"]).keys() == {"prev"}

    async def test_lead_on_by_cursor(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        posts = await make_posts(services, admin, 5)
        body = (await client.get(f"{POSTS}?limit=2&sort=created_at")).json()
        seen, url = body["items"], f"{POSTS}?limit=2&sort=created_at&cursor={body['next_cursor']}"
        while url:
            response = await client.get(url)
            seen += response.json()["items"]
            url = links(response.headers.get("Link", "")).get("next", "")
        assert [item["id"] for item in seen] == [post.id for post in posts]

    async def test_are_left_out_of_a_single_page(self, client: AsyncClient) -> None:
        assert "Link" not in (await client.get(POSTS)).headers


class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "named"),
        [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=ten", "limit"),
            ("limit=1.5", "limit"),
            ("limit=5&limit=6", "limit"),
            ("page=0", "page"),
            ("page=-1", "page"),
            (f"page={2**63}", "page"),
            (f"page={10**400}", "page"),
            ("cursor=", "cursor"),
            ("cursor=nonsense", "cursor"),
            (f"cursor={'A' * 2001}", "cursor"),
            ("sort=", "sort"),
            ("sort=id", "sort"),
            ("sort=--title", "sort"),
            ("sort=title;drop", "sort"),
        ],
    )
    async def test_name_what_is_wrong(self, client: AsyncClient, query: str, named: str) -> None:
        response = await client.get(f"{POSTS}?{query}")
        assert response.status_code == 422
        assert isinstance(response.json()["detail"], str)
        assert response.json()["errors"][0]["field"] == named

    async def test_name_the_keys_to_sort_by(self, client: AsyncClient) -> None:
        detail = (await client.get(f"{POSTS}?sort=body")).json()["detail"]
        assert all(key in detail for key in POST_KEYS)

    @pytest.mark.parametrize("sort", ["published_at", "-title", "-published_at"])
    async def test_keep_a_cursor_to_its_order(
        self, client: AsyncClient, services: Services, admin: User, sort: str
    ) -> None:
        await make_posts(services, admin, 3)
        body = (await client.get(f"{POSTS}?limit=1&sort=title")).json()
        response = await client.get(f"{POSTS}?limit=1&sort={sort}&cursor={body['next_cursor']}")
        assert response.status_code == 422
        assert "cursor" in response.json()["detail"]

    @pytest.mark.parametrize(
        "parts",
        [
            (),
            ("-published_at", "yesterday", 1, 1),
            ("-published_at", "2026-01-01T00:00:00", 1, 1),
            ("-published_at", "0001-01-01T00:00:00+23:59", 1, 1),
            ("-published_at", 5, 0, 1),
            ("-published_at", None, 0, 1),
            ("-published_at", {"a": 1}, 0, 1),
            ("-published_at", "2026-01-01T00:00:00Z", 1, 2**63),
            ("-published_at", "2026-01-01T00:00:00Z", 1, 1.5),
            ("-published_at", "2026-01-01T00:00:00Z", 1, True),
            ("-published_at", "2026-01-01T00:00:00Z", 1, "1"),
        ],
    )
    async def test_take_no_cursor_but_their_own(
        self, client: AsyncClient, parts: tuple[Any, ...]
    ) -> None:
        response = await client.get(f"{POSTS}?cursor={cursor(*parts)}")
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "cursor"

    @pytest.mark.parametrize(
        ("sort", "value"),
        [
            ("title", "\0"),
            ("title", "\ud800"),
            ("views", 2**63),
            ("views", 2**31),
            ("views", -(2**31) - 1),
            ("views", True),
            ("title", "x" * 1000),
        ],
    )
    async def test_compare_nothing_that_a_database_cannot(
        self, client: AsyncClient, sort: str, value: object
    ) -> None:
        response = await client.get(f"{POSTS}?sort={sort}&cursor={cursor(sort, value, 0, 1)}")
        expected = 200 if value == "x" * 1000 else 422
        assert response.status_code == expected

    async def test_leave_pages_behind_the_last_empty(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_posts(services, admin, 2)
        body = (await client.get(f"{POSTS}?page=1000000&limit=100")).json()
        assert (body["items"], body["total"], body["pages"]) == ([], 2, 1)
        assert body["next_cursor"] is None
