from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from tests.factories.publications import HIDDEN, NOUNS, make, make_hidden
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.core.security import PreviewTokens
from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"


async def preview(admin_client: AsyncClient, noun: str, row_id: int) -> str:
    """The token of a new link."""
    response = await admin_client.post(f"{API}/{noun}/{row_id}/preview-links")
    assert response.status_code == 201
    return str(response.json()["token"])


@pytest.mark.parametrize("noun", NOUNS)
class TestPreview:
    @pytest.mark.parametrize("how", ["draft", "scheduled", "archived"])
    async def test_shows_to_whoever_has_the_link(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
        how: str,
    ) -> None:
        row = await make_hidden(services, noun, admin, how)
        created = await admin_client.post(f"{API}/{noun}/{row.id}/preview-links")
        link = created.json()
        for url in (link["url"], f"{API}/{noun}/{row.id}?preview_token={link['token']}"):
            response = await client.get(url)
            assert response.status_code == 200
            assert response.json()["id"] == row.id
            assert response.json()["status"] == how
            assert response.headers["Cache-Control"] == "private, no-store"
            assert response.headers["X-Robots-Tag"] == "noindex"

    async def test_follows_a_change_of_the_slug(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make_hidden(services, noun, admin, "draft", slug="before")
        token = await preview(admin_client, noun, row.id)
        await admin_client.patch(f"{API}/{noun}/{row.id}", json={"slug": "after"})
        response = await client.get(f"{API}/{noun}/before?preview_token={token}")
        assert response.status_code == 308
        assert (await client.get(response.headers["Location"])).json()["slug"] == "after"

    async def test_lasts_as_long_as_was_asked_for(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make_hidden(services, noun, admin, "draft")
        created = await admin_client.post(
            f"{API}/{noun}/{row.id}/preview-links", json={"expires_in_hours": 2}
        )
        now = utc_now()
        with travel(now + timedelta(hours=1, minutes=59)):
            assert (await client.get(created.json()["url"])).status_code == 200
        with travel(now + timedelta(hours=2, minutes=1)):
            assert (await client.get(created.json()["url"])).status_code == 404

    async def test_opens_nothing_else(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make_hidden(services, noun, admin, "draft")
        other = await make_hidden(services, noun, admin, "draft")
        token = await preview(admin_client, noun, row.id)
        for path in (
            f"{noun}/{other.id}?preview_token={token}",
            f"{noun}/{other.slug}?preview_token={token}",
            f"{noun}/{row.id}",
        ):
            assert (await client.get(f"{API}/{path}")).status_code == 404
        bearer = await client.get(
            f"{API}/{noun}/{row.id}", headers={"Authorization": f"Bearer {token}"}
        )
        assert bearer.status_code == 401

    async def test_of_a_post_opens_no_project_with_its_number(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        rows = {kind: await make_hidden(services, kind, admin, "draft") for kind in NOUNS}
        token = await preview(admin_client, noun, rows[noun].id)
        other = next(kind for kind in NOUNS if kind != noun)
        for ref in (rows[noun].id, rows[other].id):
            response = await client.get(f"{API}/{other}/{ref}?preview_token={token}")
            assert response.status_code == 404

    async def test_ends_in_the_bin(
        self,
        admin_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make_hidden(services, noun, admin, "draft")
        token = await preview(admin_client, noun, row.id)
        await admin_client.delete(f"{API}/{noun}/{row.id}")
        response = await client.get(f"{API}/{noun}/{row.id}?preview_token={token}")
        assert response.status_code == 404

    @pytest.mark.parametrize("how", HIDDEN)
    async def test_needs_a_token_of_ours(
        self, client: AsyncClient, services: Services, admin: User, noun: str, how: str
    ) -> None:
        row = await make_hidden(services, noun, admin, how)
        forged = PreviewTokens(["f" * 32], "http://test").issue(
            noun, row.id, utc_now() + timedelta(hours=1)
        )
        for token in ("x", "a.b.c", forged, forged[:-1]):
            response = await client.get(f"{API}/{noun}/{row.id}?preview_token={token}")
            assert response.status_code == 404

    async def test_is_not_in_the_way_of_what_is_public(
        self, client: AsyncClient, services: Services, admin: User, noun: str
    ) -> None:
        row = await make(services, noun, admin)
        response = await client.get(f"{API}/{noun}/{row.id}?preview_token=expired")
        assert response.status_code == 200

    @pytest.mark.parametrize("hours", [0, 721, "many"])
    async def test_lasts_a_month_at_most(
        self,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
        hours: object,
    ) -> None:
        row = await make(services, noun, admin)
        response = await admin_client.post(
            f"{API}/{noun}/{row.id}/preview-links", json={"expires_in_hours": hours}
        )
        assert response.status_code == 422
