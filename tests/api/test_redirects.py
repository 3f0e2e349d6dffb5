import pytest
from httpx2 import AsyncClient
from tests.factories.posts import make_post
from tests.factories.publications import HIDDEN, NOUNS, make, make_hidden

from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"
REDIRECTS = f"{API}/redirects"


async def moves(client: AsyncClient, query: str = "") -> list[tuple[str, str]]:
    response = await client.get(f"{REDIRECTS}{query}")
    assert response.status_code == 200
    items = response.json()["items"]
    assert {item["status"] for item in items} <= {308}
    assert response.json()["total"] == len(items)
    return [(item["from"], item["to"]) for item in items]


class TestListRedirects:
    async def test_is_empty_at_first(self, client: AsyncClient) -> None:
        assert await moves(client) == []

    @pytest.mark.parametrize("noun", NOUNS)
    async def test_leads_from_old_paths_of_the_site_to_the_new(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make(services, noun, admin, slug="first", aliases=["/2019/Hello.html"])
        for slug in ("second", "third"):
            await admin_client.patch(f"{API}/{noun}/{row.id}", json={"slug": slug})
        assert await moves(client) == [
            ("/2019/Hello.html", f"/{noun}/third"),
            (f"/{noun}/first", f"/{noun}/third"),
            (f"/{noun}/second", f"/{noun}/third"),
        ]

    @pytest.mark.parametrize("noun", NOUNS)
    async def test_leaves_out_what_is_live_again(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make(services, noun, admin, slug="first")
        for slug in ("second", "first"):
            await admin_client.patch(f"{API}/{noun}/{row.id}", json={"slug": slug})
        assert await moves(client) == [(f"/{noun}/second", f"/{noun}/first")]
        await make(services, noun, admin, slug="second")
        assert await moves(client) == []

    @pytest.mark.parametrize("noun", NOUNS)
    @pytest.mark.parametrize("how", HIDDEN)
    async def test_keeps_what_strangers_must_not_see_to_itself(
        self, client: AsyncClient, services: Services, admin: User, noun: str, how: str
    ) -> None:
        await make_hidden(services, noun, admin, how, aliases=["secret/plan"])
        assert await moves(client) == []
        assert (await client.get(REDIRECTS)).json()["total"] == 0

    async def test_finds_a_single_address(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, slug="p", aliases=["/a/one", "/a/two", "three"])
        for address in ("/a/one", "a/one/", "A/ONE"):
            assert await moves(client, f"?address={address}") == [("/a/one", "/posts/p")]
        assert await moves(client, "?address=nothing") == []

    async def test_can_be_paged_by_cursor(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, aliases=[f"old/{number}" for number in range(5)])
        found = []
        url = f"{REDIRECTS}?limit=2"
        while True:
            body = (await client.get(url)).json()
            found += [item["from"] for item in body["items"]]
            if body["next_cursor"] is None:
                break
            url = f"{REDIRECTS}?limit=2&cursor={body['next_cursor']}"
        assert found == [f"/old/{number}" for number in range(5)]
