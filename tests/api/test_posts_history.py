"""Former slugs, addresses of former sites, and former texts."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.posts import make_post
from tests.factories.publications import NOUNS, make

from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"
POSTS = f"{API}/posts"


@pytest.mark.parametrize("noun", NOUNS)
class TestFormerSlug:
    async def rename(self, admin_client: AsyncClient, noun: str, row_id: int, slug: str) -> None:
        response = await admin_client.patch(f"{API}/{noun}/{row_id}", json={"slug": slug})
        assert response.json()["slug"] == slug

    async def test_leads_to_the_present_one(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make(services, noun, admin, slug="first")
        for slug in ("second", "third"):
            await self.rename(admin_client, noun, row.id, slug)
        for former in ("first", "second", "FIRST"):
            response = await client.get(f"{API}/{noun}/{former}")
            assert response.status_code == 308
            assert response.headers["Location"] == f"{API}/{noun}/third"
            assert isinstance(response.json()["detail"], str)
        assert (await client.get(f"{API}/{noun}/third")).status_code == 200

    async def test_keeps_query_and_rest_of_the_path(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make(services, noun, admin, slug="first")
        await self.rename(admin_client, noun, row.id, "second")
        token = (await admin_client.post(f"{API}/{noun}/{row.id}/preview-links")).json()["token"]
        response = await client.get(f"{API}/{noun}/first?preview_token={token}")
        assert response.headers["Location"] == f"{API}/{noun}/second?preview_token={token}"
        response = await client.get(f"{API}/{noun}/first/related")
        assert response.headers["Location"] == f"{API}/{noun}/second/related"

    async def test_can_be_taken_up_again(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make(services, noun, admin, slug="first")
        for slug in ("second", "first", "second", "first"):
            await self.rename(admin_client, noun, row.id, slug)
        assert (await client.get(f"{API}/{noun}/first")).status_code == 200
        response = await client.get(f"{API}/{noun}/second")
        assert response.headers["Location"] == f"{API}/{noun}/first"

    async def test_gives_way_to_a_live_one(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        old = await make(services, noun, admin, "Old", slug="first")
        await self.rename(admin_client, noun, old.id, "second")
        new = await make(services, noun, admin, "New", slug="first")
        assert (await client.get(f"{API}/{noun}/first")).json()["id"] == new.id
        await admin_client.delete(f"{API}/{noun}/{new.id}")
        response = await client.get(f"{API}/{noun}/first")
        assert response.headers["Location"] == f"{API}/{noun}/second"

    async def test_belongs_to_whoever_gave_it_up_last(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        for present in ("one", "two"):
            row = await make(services, noun, admin, slug="shared")
            await self.rename(admin_client, noun, row.id, present)
        response = await client.get(f"{API}/{noun}/shared")
        assert response.headers["Location"] == f"{API}/{noun}/two"


class TestAlias:
    @pytest.mark.parametrize(
        "alias",
        ["/2019/05/hello.html", "blog/hello/", "hello-old", "/über/uns", "Hello World", "2019"],
    )
    async def test_leads_to_the_post(
        self, client: AsyncClient, services: Services, admin: User, alias: str
    ) -> None:
        post = await make_post(services, admin, slug="hello", aliases=[alias])
        address = alias.strip("/")
        for former in (address, f"{address}/", address.upper()):
            response = await client.get(f"{POSTS}/{former}")
            assert response.status_code == 308
            assert response.headers["Location"] == f"{POSTS}/{post.slug}"

    async def test_of_a_post_is_none_of_a_project(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, aliases=["old/path"])
        assert (await client.get(f"{API}/projects/old/path")).status_code == 404

    async def test_moves_to_the_post_that_claims_it(
        self, admin_client: AsyncClient, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, "One", aliases=["old/path"])
        two = await make_post(services, admin, "Two")
        await admin_client.patch(f"{POSTS}/{two.id}", json={"aliases": ["/old/path/"]})
        response = await client.get(f"{POSTS}/old/path")
        assert response.headers["Location"] == f"{POSTS}/{two.slug}"

    @pytest.mark.parametrize("address", ["", "/", "no", "no/such/path", "no/" + "a" * 500])
    async def test_of_nothing_is_not_found(self, client: AsyncClient, address: str) -> None:
        assert (await client.get(f"{POSTS}/{address}/")).status_code == 404


@pytest.mark.parametrize("noun", NOUNS)
class TestRevisions:
    async def numbers(self, admin_client: AsyncClient, url: str) -> list[int]:
        body = (await admin_client.get(f"{url}/revisions")).json()
        return [item["number"] for item in body["items"]]

    async def test_are_for_admins_only(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make(services, noun, admin)
        for path in ("revisions", "revisions/1"):
            url = f"{API}/{noun}/{row.id}/{path}"
            assert (await client.get(url)).status_code == 401
            assert (await user_client.get(url)).status_code == 403

    async def test_count_from_one_with_each_change_of_the_text(
        self, admin_client: AsyncClient, noun: str
    ) -> None:
        created = await admin_client.post(f"{API}/{noun}", json={"title": "One"})
        url = created.headers["Location"]
        assert await self.numbers(admin_client, url) == [1]
        for changes in ({}, {"title": "One"}, {"featured": True}, {"slug": "other"}):
            await admin_client.patch(url, json=changes)
        await admin_client.post(f"{url}/publish")
        assert await self.numbers(admin_client, url) == [1]
        words = "tags" if noun == "posts" else "technologies"
        texts: list[dict[str, Any]] = [{"title": "Two"}, {"body_markdown": "Three"}, {words: ["4"]}]
        for changes in texts:
            await admin_client.patch(url, json=changes)
        assert await self.numbers(admin_client, url) == [4, 3, 2, 1]

    async def test_show_what_the_text_was_and_who_wrote_it(
        self, admin_client: AsyncClient, admin: User, noun: str
    ) -> None:
        created = await admin_client.post(
            f"{API}/{noun}", json={"title": "One", "body_markdown": "First"}
        )
        url = created.headers["Location"]
        await admin_client.patch(url, json={"title": "Two", "body_markdown": "Second"})
        body = (await admin_client.get(f"{url}/revisions/1")).json()
        assert (body["number"], body["title"], body["author_id"]) == (1, "One", admin.id)
        assert body["snapshot"]["body_markdown"] == "First"

    async def test_can_be_brought_back_as_a_new_one(
        self, admin_client: AsyncClient, noun: str
    ) -> None:
        words = "tags" if noun == "posts" else "technologies"
        text = {"title": "One", "body_markdown": "First", words: ["a", "b"]}
        created = await admin_client.post(f"{API}/{noun}", json=text)
        url = created.headers["Location"]
        await admin_client.patch(url, json={"title": "Two", "body_markdown": "", words: []})
        response = await admin_client.post(f"{url}/revisions/1/restore")
        assert response.status_code == 200
        body = response.json()
        assert (body["title"], body["html"]) == ("One", "<p>First</p>\n")
        assert [tag["name"] for tag in body[words]] == ["a", "b"]
        assert await self.numbers(admin_client, url) == [3, 2, 1]

    @pytest.mark.parametrize("number", ["2", "2147483647", "0", "9223372036854775807", "x"])
    async def test_are_not_found_where_there_are_none(
        self, admin_client: AsyncClient, services: Services, admin: User, noun: str, number: str
    ) -> None:
        row = await make(services, noun, admin)
        expected = 404 if number in {"2", "2147483647"} else 422
        url = f"{API}/{noun}/{row.id}/revisions/{number}"
        assert (await admin_client.get(url)).status_code == expected
        assert (await admin_client.post(f"{url}/restore")).status_code == expected
        assert (await admin_client.get(f"{API}/{noun}/404/revisions")).status_code == 404

    async def test_are_paged_like_any_list(self, admin_client: AsyncClient, noun: str) -> None:
        created = await admin_client.post(f"{API}/{noun}", json={"title": "0"})
        url = created.headers["Location"]
        for number in range(1, 5):
            await admin_client.patch(url, json={"title": str(number)})
        first = (await admin_client.get(f"{url}/revisions?limit=3")).json()
        assert (first["total"], first["pages"]) == (5, 2)
        rest = f"{url}/revisions?limit=3&cursor={first['next_cursor']}"
        items = first["items"] + (await admin_client.get(rest)).json()["items"]
        assert [item["title"] for item in items] == ["4", "3", "2", "1", "0"]
