"""What strangers must not see, they see through no door."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.publications import HIDDEN, NOUNS, make, make_hidden

from portfolio.models.users import User
from portfolio.wiring import Services

pytestmark = pytest.mark.requirement("38")

API = "/api/v1"
SECRET = "hush"
everywhere = pytest.mark.parametrize(("noun", "how"), [(n, h) for n in NOUNS for h in HIDDEN])


@pytest.fixture(params=["stranger", "account"])
def outsider(
    request: pytest.FixtureRequest, client: AsyncClient, user_client: AsyncClient
) -> AsyncClient:
    return client if request.param == "stranger" else user_client


async def make_secret(services: Services, noun: str, admin: User, how: str) -> Any:
    """One whose every trace holds the word, known under two former addresses."""
    row = await make_hidden(
        services,
        noun,
        admin,
        how,
        title=f"{SECRET} title",
        slug=f"{SECRET}-slug",
        body_markdown=SECRET,
        tags=["shared"],
        aliases=["former", "former/path"],
    )
    async with services.database.transaction() as db:
        await services.media.add_image(db, row.id, noun, f"https://example.com/{SECRET}.png")
        await services.media.add_video(db, row.id, noun, f"https://example.com/{SECRET}")
    return row


@everywhere
class TestHidden:
    async def test_is_not_found_at_any_address(
        self, outsider: AsyncClient, services: Services, admin: User, noun: str, how: str
    ) -> None:
        row = await make_secret(services, noun, admin, how)
        async with services.database.reading() as db:
            (image,) = await services.media.get_images(db, row.id, noun)
            (video,) = await services.media.get_videos(db, row.id, noun)
        for path in (
            f"{noun}/{row.id}",
            f"{noun}/{row.slug}",
            f"{noun}/former",
            f"{noun}/former/path",
            f"{noun}/{row.id}/related",
            f"{noun}/{row.slug}/related",
            f"{noun}/former/related",
            f"{noun}/{row.id}/images",
            f"{noun}/{row.slug}/images",
            f"{noun}/{row.id}/videos",
            f"{noun}/{row.slug}/videos",
            f"images/{image.id}",
            f"videos/{video.id}",
        ):
            for ask in (outsider.get, outsider.head):
                response = await ask(f"{API}/{path}")
                assert response.status_code == 404, path
                assert SECRET not in response.text
                assert SECRET not in str(response.headers)
                assert "ETag" not in response.headers
        for ref in (row.id, row.slug):
            assert (await outsider.post(f"{API}/{noun}/{ref}/views")).status_code == 404

    async def test_is_in_no_list(
        self, outsider: AsyncClient, services: Services, admin: User, noun: str, how: str
    ) -> None:
        await make_secret(services, noun, admin, how)
        beside = await make(services, noun, admin, "Beside", tags=["shared"])
        for path in (
            noun,
            f"{noun}?tag=shared",
            f"{noun}?sort=-title",
            f"{noun}?updated_since=2020-01-01T00:00:00Z",
            f"{noun}?status=published",
            f"{noun}/{beside.id}/related",
            "tags",
            "tags/shared",
            "redirects",
            "redirects?address=former/path",
            "profile",
        ):
            response = await outsider.get(f"{API}/{path}")
            assert response.status_code == 200, path
            assert SECRET not in response.text, path
        tag = (await outsider.get(f"{API}/tags/shared")).json()
        assert tag[f"{noun}_count"] == 1
        assert (await outsider.get(f"{API}/{noun}")).json()["total"] == 1
        assert (await outsider.get(f"{API}/redirects")).json()["total"] == 0

    async def test_answers_no_condition(
        self,
        outsider: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
        how: str,
    ) -> None:
        row = await make_secret(services, noun, admin, how)
        tag = (await admin_client.get(f"{API}/{noun}/{row.id}")).headers["ETag"]
        for header in ({"If-None-Match": tag}, {"If-None-Match": "*"}, {"If-Match": tag}):
            for ask in (outsider.get, outsider.head):
                assert (await ask(f"{API}/{noun}/{row.id}", headers=header)).status_code == 404

    async def test_is_told_apart_from_nothing_by_no_word(
        self, client: AsyncClient, services: Services, admin: User, noun: str, how: str
    ) -> None:
        row = await make_secret(services, noun, admin, how)
        absent, hidden = [
            await client.get(f"{API}/{noun}/{ref}") for ref in (row.id + 1000, row.id)
        ]
        unlike = {"request_id"}
        assert {name: value for name, value in absent.json().items() if name not in unlike} == {
            name: value for name, value in hidden.json().items() if name not in unlike
        }
        assert absent.headers.keys() == hidden.headers.keys()

    async def test_is_open_to_an_admin(
        self, admin_client: AsyncClient, services: Services, admin: User, noun: str, how: str
    ) -> None:
        row = await make_secret(services, noun, admin, how)
        for ref in (row.id, row.slug):
            response = await admin_client.get(f"{API}/{noun}/{ref}")
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "private, no-store"
        for media in ("images", "videos"):
            assert (await admin_client.get(f"{API}/{noun}/{row.id}/{media}")).json()["total"] == 1


class TestHiding:
    @pytest.mark.parametrize("noun", NOUNS)
    async def test_of_what_was_public_leaves_no_answer_behind(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        row = await make(services, noun, admin, slug="first", aliases=["old/path"])
        url = f"{API}/{noun}/{row.id}"
        await admin_client.patch(url, json={"slug": "second"})
        tag = (await client.get(url)).headers["ETag"]
        await admin_client.post(f"{url}/unpublish")
        for path in (row.id, "first", "second", "old/path"):
            response = await client.get(f"{API}/{noun}/{path}", headers={"If-None-Match": tag})
            assert response.status_code == 404
            assert "Location" not in response.headers
