from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.posts import make_post, make_posts
from tests.factories.users import make_user

from portfolio.models.users import Role, User
from portfolio.wiring import Services

POSTS = "/api/v1/posts"


def titles(body: Any) -> list[str]:
    return [item["title"] for item in body["items"]]


class TestListPosts:
    async def test_is_empty_at_first(self, client: AsyncClient) -> None:
        response = await client.get(POSTS)
        assert response.status_code == 200
        assert response.json() == {
            "items": [],
            "total": 0,
            "page": 1,
            "pages": 0,
            "limit": 20,
            "next_cursor": None,
        }

    async def test_shows_published_posts_to_anyone_the_newest_first(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        for year in (2021, 2023, 2022):
            at = f"{year}-05-01T00:00:00Z"
            await make_post(services, admin, f"Of {year}", published_at=at)
        response = await client.get(POSTS)
        assert titles(response.json()) == ["Of 2023", "Of 2022", "Of 2021"]
        assert response.json()["total"] == 3
        assert response.headers["Cache-Control"] == "public, no-cache"

    async def test_leaves_out_the_long_body(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, body_markdown="# One\n\nA long text.")
        item = (await client.get(POSTS)).json()["items"][0]
        assert not item.keys() & {"body_markdown", "html", "toc"}
        assert item["excerpt"] == "A long text."
        assert item["counts"] == {"comments": 0, "reactions": 0, "views": 0}

    @pytest.mark.parametrize(
        "query",
        [
            "tag=second",
            "series=letters",
            "author=guest",
            "author=GUEST",
            "featured=true",
            "year=2019",
            "updated_since=2100-01-01T00:00:00Z&status=any",
        ],
    )
    async def test_shows_only_what_the_filter_wants(
        self, admin_client: AsyncClient, services: Services, admin: User, query: str
    ) -> None:
        guest = await make_user(services, "guest", Role.ADMIN)
        await make_post(services, admin, "Another", tags=["First"], series="Numbers")
        await make_post(
            services,
            guest,
            "Wanted",
            tags=["First", "Second"],
            series="Letters",
            featured=True,
            published_at="2019-12-31T23:59:59Z",
        )
        wanted = [] if "since" in query else ["Wanted"]
        body = (await admin_client.get(f"{POSTS}?{query}")).json()
        assert titles(body) == wanted
        assert body["total"] == len(wanted)

    async def test_gives_what_changed_since_a_moment(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        first = await make_post(services, admin, "First")
        second = await make_post(services, admin, "Second")
        since = second.updated_at.isoformat().replace("+00:00", "Z")
        assert titles((await client.get(f"{POSTS}?updated_since={since}")).json()) == ["Second"]
        assert first.updated_at < second.updated_at

    async def test_filters_sorts_and_pages_at_once(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_posts(services, admin, 7, tags=["x"])
        await make_post(services, admin, "Post 999", tags=["y"])
        body = (await client.get(f"{POSTS}?tag=x&limit=5&sort=-title&page=2")).json()
        assert titles(body) == ["Post 001", "Post 000"]
        assert (body["total"], body["page"], body["pages"], body["limit"]) == (7, 2, 2, 5)

    async def test_names_the_parameters_that_there_are(self, client: AsyncClient) -> None:
        response = await client.get(f"{POSTS}?lmit=5")
        assert response.status_code == 422
        for name in ("lmit", "limit", "page", "cursor", "sort", "tag", "series", "status", "year"):
            assert name in response.json()["detail"]

    @pytest.mark.parametrize(
        "query",
        ["tag=", "year=0", "year=99999", "featured=perhaps", "tag=a&tag=b", "status=lost"]
        + [f"updated_since={since}" for since in ("yesterday", "2020-01-01", "12", "1e10", "12.5")],
    )
    async def test_refuses_filters_that_mean_nothing(self, client: AsyncClient, query: str) -> None:
        response = await client.get(f"{POSTS}?{query}")
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == query.partition("=")[0]

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (None, ["published"]),
            ("published", ["published"]),
            ("draft", ["draft"]),
            ("scheduled", ["scheduled"]),
            ("archived", ["archived"]),
            ("binned", ["binned"]),
            ("any", ["archived", "draft", "published", "scheduled"]),
        ],
    )
    async def test_shows_the_status_asked_for_to_an_admin(
        self, admin_client: AsyncClient, hidden_posts: None, status: str | None, expected: list[str]
    ) -> None:
        query = f"?status={status}" if status else ""
        body = (await admin_client.get(f"{POSTS}{query}")).json()
        assert sorted(titles(body)) == expected
        assert body["total"] == len(expected)

    @pytest.mark.parametrize("status", ["draft", "scheduled", "archived", "binned", "any"])
    async def test_keeps_other_statuses_from_everybody_else(
        self, client: AsyncClient, user_client: AsyncClient, status: str
    ) -> None:
        assert (await client.get(f"{POSTS}?status={status}")).status_code == 401
        assert (await user_client.get(f"{POSTS}?status={status}")).status_code == 403

    async def test_runs_the_same_number_of_queries_for_any_number_of_posts(
        self, client: AsyncClient, services: Services, admin: User, count_queries: list[str]
    ) -> None:
        cover = {"url": "https://example.com/a.png"}
        posts = await make_posts(services, admin, 101, tags=["a", "b", "c"], cover=cover)
        assert len(posts) == 101
        # What a cookie makes nobody else's, the cache leaves to the database.
        client.headers["Cookie"] = "of=mine"
        counts = []
        for limit in (20, 100):
            count_queries.clear()
            page = (await client.get(f"{POSTS}?limit={limit}")).json()
            assert len(page["items"]) == limit
            counts.append(len(count_queries))
            count_queries.clear()
            await client.get(f"{POSTS}?limit={limit}&cursor={page['next_cursor']}")
            counts.append(len(count_queries))
        assert counts[:2] == counts[2:]
        assert counts[0] <= 4
        assert counts[1] <= 3


class TestReadPost:
    async def test_answers_to_its_id_and_to_its_slug(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin, "Hello, world")
        by_id = await client.get(f"{POSTS}/{post.id}")
        by_slug = await client.get(f"{POSTS}/hello-world")
        assert by_id.status_code == by_slug.status_code == 200
        assert by_id.json() == by_slug.json()

    async def test_has_everything_that_its_page_needs(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(
            services,
            admin,
            body_markdown="# Top\n\nA *text*.",
            tags=["Zig", "Ada"],
            series="Languages",
            series_position=2,
            authors=["A. Guest"],
            seo={"title": "For machines"},
            cover={"url": "https://example.com/a.png", "alt": "A"},
            canonical_url="https://example.com/original",
        )
        body = (await client.get(f"{POSTS}/{post.slug}")).json()
        assert body["body_markdown"] == "# Top\n\nA *text*."
        assert "<em>text</em>" in body["html"]
        assert body["toc"] == [{"level": 1, "id": "top", "text": "Top"}]
        assert [tag["name"] for tag in body["tags"]] == ["Zig", "Ada"]
        assert body["series"]["slug"] == "languages"
        assert body["series"]["position"] == 2
        assert body["authors"] == ["A. Guest"]
        assert body["author"]["username"] == admin.username
        assert body["seo"] == {"title": "For machines", "description": None, "image": None}
        assert body["cover"]["alt"] == "A"
        assert [image["cover"] for image in body["images"]] == [True]
        assert body["canonical_url"] == "https://example.com/original"
        assert body["published_at"].endswith("Z")

    async def test_tells_nothing_private_about_its_author(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        assert admin.email not in (await client.get(f"{POSTS}/{post.id}")).text

    @pytest.mark.parametrize("ref", ["404", "nothing", "9223372036854775808", "-1", "1.0", "%20"])
    async def test_is_not_found_where_there_is_none(self, client: AsyncClient, ref: str) -> None:
        assert (await client.get(f"{POSTS}/{ref}")).status_code == 404

    async def test_runs_three_queries_at_most_however_much_belongs_to_it(
        self,
        client: AsyncClient,
        services: Services,
        admin: User,
        count_queries: list[str],
    ) -> None:
        bare = await make_post(services, admin)
        rich = await make_post(services, admin, tags=list("abcdefghij"))
        async with services.database.transaction() as db:
            for number in range(5):
                await services.media.add_image(
                    db, rich.id, "post", f"https://example.com/{number}.png"
                )
        counts = []
        for ref in (bare.id, rich.id, rich.slug):
            count_queries.clear()
            await client.get(f"{POSTS}/{ref}")
            counts.append(len(count_queries))
        assert len(set(counts)) == 1
        assert counts[0] <= 3

    async def test_answers_head_like_get_without_the_body(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        got = await client.get(f"{POSTS}/{post.id}")
        headed = await client.head(f"{POSTS}/{post.id}")
        assert headed.status_code == 200
        assert headed.content == b""
        assert headed.headers["ETag"] == got.headers["ETag"]

    async def test_says_which_methods_there_are(self, client: AsyncClient) -> None:
        response = await client.put(f"{POSTS}/1", json={})
        assert response.status_code == 405
        assert response.headers["Allow"] == "GET, HEAD, PATCH, DELETE, OPTIONS"
