import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.posts import make_post

from portfolio.models.users import User
from portfolio.wiring import Services

POSTS = "/api/v1/posts"
TOO_LONG = "x" * 301


class TestCreatePost:
    async def test_is_for_admins_only(self, client: AsyncClient, user_client: AsyncClient) -> None:
        for caller, expected in ((client, 401), (user_client, 403)):
            response = await caller.post(POSTS, json={"title": "Mine"})
            assert response.status_code == expected
        assert (await client.get(POSTS)).json()["total"] == 0

    async def test_says_where_the_new_post_is(self, admin_client: AsyncClient) -> None:
        response = await admin_client.post(POSTS, json={"title": "Hello"})
        assert response.status_code == 201
        found = await admin_client.get(response.headers["Location"])
        assert found.json() == response.json()
        assert found.headers["ETag"].startswith('W/"1.')

    async def test_makes_a_draft_of_a_title(
        self, admin_client: AsyncClient, client: AsyncClient
    ) -> None:
        body = (await admin_client.post(POSTS, json={"title": "Hello"})).json()
        assert body["status"] == "draft"
        assert body["published_at"] is None
        assert (await client.get(f"{POSTS}/{body['id']}")).status_code == 404

    async def test_may_keep_comments_away(self, admin_client: AsyncClient) -> None:
        quiet = (
            await admin_client.post(POSTS, json={"title": "Q", "comments_enabled": False})
        ).json()
        assert (quiet["comments_enabled"], quiet["comments_close_at"]) == (False, None)
        opened = await admin_client.patch(f"{POSTS}/{quiet['id']}", json={"comments_enabled": True})
        assert opened.json()["comments_enabled"] is True

    @pytest.mark.parametrize(
        ("title", "slug"),
        [
            ("Hello, World!", "hello-world"),
            ("Привет, мир", "privet-mir"),
            ("2024", "post-2024"),
            ("\N{CRAB}", "1f980"),
            ("\N{PARTY POPPER}\N{CRAB}", "1f389-1f980"),
            ("word " * 60, "-".join(["word"] * 20)),
        ],
    )
    async def test_makes_the_slug_of_the_title(
        self, admin_client: AsyncClient, title: str, slug: str
    ) -> None:
        for expected in (slug, f"{slug}-2", f"{slug}-3"):
            response = await admin_client.post(POSTS, json={"title": title})
            assert response.json()["slug"] == expected
            assert (await admin_client.get(f"{POSTS}/{expected}")).status_code == 200

    async def test_gives_posts_of_one_title_slugs_of_their_own(
        self, admin_client: AsyncClient
    ) -> None:
        answers = await asyncio.gather(
            *(admin_client.post(POSTS, json={"title": "The same"}) for _ in range(50))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["slug"] for answer in answers}) == 50

    async def test_makes_each_new_tag_once_for_many_posts(
        self, admin_client: AsyncClient, client: AsyncClient
    ) -> None:
        names = ["Zig", "Ada", "Lua"]
        answers = await asyncio.gather(
            *(
                admin_client.post(
                    POSTS, json={"title": "T", "tags": names[::turn], "status": "published"}
                )
                for turn in (1, -1) * 8
            )
        )
        assert {answer.status_code for answer in answers} == {201}
        tags = (await client.get("/api/v1/tags")).json()["items"]
        assert [(tag["name"], tag["posts_count"]) for tag in tags] == [
            ("Ada", 16),
            ("Lua", 16),
            ("Zig", 16),
        ]

    async def test_takes_the_slug_that_was_chosen(self, admin_client: AsyncClient) -> None:
        body = {"title": "Hello", "slug": "my-own"}
        assert (await admin_client.post(POSTS, json=body)).json()["slug"] == "my-own"
        again = await admin_client.post(POSTS, json=body)
        assert again.status_code == 409
        assert "my-own" in again.json()["detail"]

    async def test_gives_a_chosen_slug_to_one_of_many(self, admin_client: AsyncClient) -> None:
        body = {"title": "Hello", "slug": "my-own"}
        answers = await asyncio.gather(*(admin_client.post(POSTS, json=body) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9

    async def test_files_it_under_a_tag_by_name_or_slug(self, admin_client: AsyncClient) -> None:
        for tags in (["C++", "2024", "\N{CRAB}"], ["cpp", "C++", "tag-2024", "1f980"]):
            body = (await admin_client.post(POSTS, json={"title": "T", "tags": tags})).json()
            assert [tag["slug"] for tag in body["tags"]] == ["cpp", "tag-2024", "1f980"]
        found = await admin_client.get(f"{POSTS}?tag=tag-2024&status=any")
        assert found.json()["total"] == 2

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", ""),
            ("title", "   "),
            ("title", None),
            ("title", TOO_LONG),
            ("title", "two\nlines"),
            ("slug", "Not A Slug"),
            ("slug", "12"),
            ("slug", "a" * 121),
            ("status", "gone"),
            ("status", "scheduled"),
            ("published_at", "yesterday"),
            ("published_at", 1700000000),
            ("published_at", "2026-11-22T10:00:00"),
            ("published_at", "0001-01-01T00:00:00+23:59"),
            ("canonical_url", "javascript:alert(1)"),
            ("canonical_url", "//example.com"),
            ("canonical_url", "/\\example.com"),
            ("tags", ["x"] * 51),
            ("tags", [""]),
            ("tags", "a,b"),
            ("aliases", [TOO_LONG + "x" * 100]),
            ("aliases", ["\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 30]),
            ("series", ""),
            ("series_position", -1),
            ("series_position", 2**31),
            ("featured", "yes please"),
            ("seo", {"colour": "red"}),
            ("id", 7),
            ("author_id", 1),
            ("created_at", "2020-01-01T00:00:00Z"),
            ("views_count", 1000),
        ],
    )
    async def test_names_the_field_that_it_refuses(
        self, admin_client: AsyncClient, field: str, value: Any
    ) -> None:
        response = await admin_client.post(POSTS, json={"title": "T", field: value})
        assert response.status_code == 422
        assert isinstance(response.json()["detail"], str)
        assert field in str(response.json()["errors"])
        assert (await admin_client.get(f"{POSTS}?status=any")).json()["total"] == 0


class TestUpdatePost:
    async def test_is_for_admins_only(
        self, client: AsyncClient, user_client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        for caller, expected in ((client, 401), (user_client, 403)):
            response = await caller.patch(f"{POSTS}/{post.id}", json={"title": "Mine"})
            assert response.status_code == expected
        assert (await client.get(f"{POSTS}/{post.id}")).json()["title"] == "A post"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", "Changed"),
            ("body_markdown", "Changed"),
            ("excerpt", "Changed"),
            ("featured", True),
            ("canonical_url", "https://example.com/changed"),
            ("canonical_url", None),
            ("authors", ["Somebody"]),
            ("series_position", 7),
            ("published_at", "2021-01-01T00:00:00Z"),
            ("slug", "changed"),
            ("status", "archived"),
        ],
    )
    async def test_changes_what_is_given_and_nothing_else(
        self, admin_client: AsyncClient, services: Services, admin: User, field: str, value: Any
    ) -> None:
        post = await make_post(
            services,
            admin,
            tags=["a"],
            series="s",
            series_position=1,
            body_markdown="Text",
            canonical_url="/original",
            seo={"title": "S"},
        )
        before = (await admin_client.get(f"{POSTS}/{post.id}")).json()
        response = await admin_client.patch(f"{POSTS}/{post.id}", json={field: value})
        assert response.status_code == 200
        after = response.json()
        assert after == (await admin_client.get(f"{POSTS}/{post.id}")).json()
        changed = {name for name in before if before[name] != after[name]} - {
            "updated_at",
            "version",
        }
        expected = {
            "body_markdown": {"body_markdown", "html", "excerpt"},
            "series_position": {"series"},
        }
        assert changed == expected.get(field, {field})
        shown = after["series"]["position"] if field == "series_position" else after[field]
        assert shown == value

    async def test_replaces_tags_series_and_parts_of_seo(
        self, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(
            services, admin, tags=["a", "b"], series="s", seo={"title": "T", "description": "D"}
        )
        url = f"{POSTS}/{post.id}"
        changes: dict[str, Any] = {"tags": ["c", "a"], "series": None, "seo": {"title": None}}
        body = (await admin_client.patch(url, json=changes)).json()
        assert [tag["name"] for tag in body["tags"]] == ["c", "a"]
        assert body["series"] is None
        assert body["seo"] == {"title": None, "description": "D", "image": None}
        body = (await admin_client.patch(url, json={"tags": [], "seo": None})).json()
        assert body["tags"] == []
        assert body["seo"] == {"title": None, "description": None, "image": None}

    async def test_makes_the_excerpt_anew_where_none_was_written(
        self, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin, body_markdown="One.", excerpt="Mine.")
        url = f"{POSTS}/{post.id}"
        changed = await admin_client.patch(url, json={"body_markdown": "Two."})
        assert changed.json()["excerpt"] == "Mine."
        changed = await admin_client.patch(url, json={"excerpt": None})
        assert changed.json()["excerpt"] == "Two."

    @pytest.mark.parametrize(
        "name",
        ["title", "slug", "body_markdown", "status", "featured", "tags", "aliases", "cover"],
    )
    async def test_refuses_null_for_what_cannot_be_empty(
        self, admin_client: AsyncClient, services: Services, admin: User, name: str
    ) -> None:
        post = await make_post(services, admin)
        response = await admin_client.patch(f"{POSTS}/{post.id}", json={name: None})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == name

    async def test_refuses_what_it_does_not_know(
        self, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        response = await admin_client.patch(f"{POSTS}/{post.id}", json={"title": "X", "tittle": 1})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "tittle"
        assert (await admin_client.get(f"{POSTS}/{post.id}")).json()["title"] == "A post"

    async def test_takes_no_slug_of_another_post(
        self, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, slug="taken")
        post = await make_post(services, admin)
        response = await admin_client.patch(f"{POSTS}/{post.id}", json={"slug": "taken"})
        assert response.status_code == 409
        assert "taken" in response.json()["detail"]

    async def test_is_no_change_where_everything_is_the_same(
        self, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin, authors=["A"])
        url = f"{POSTS}/{post.id}"
        before = await admin_client.get(url)
        for changes in ({}, {"title": "A post"}, {"authors": ["A"], "body_markdown": ""}):
            after = await admin_client.patch(url, json=changes)
            assert after.json() == before.json()
            assert after.headers["ETag"].startswith('W/"1.')

    async def test_is_not_found_where_there_is_none(self, admin_client: AsyncClient) -> None:
        assert (await admin_client.patch(f"{POSTS}/404", json={})).status_code == 404
        assert (await admin_client.patch(f"{POSTS}/0", json={})).status_code == 422
