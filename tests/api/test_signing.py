"""Addresses of files that strangers may not read: where they are signed, and what comes back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.galleries import add_picture, addresses, are_signed, make_draft, statuses
from tests.factories.posts import make_post
from tests.factories.publications import NOUNS
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.core.media_links import unsigned
from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"


@pytest.fixture
async def draft(
    services: Services, admin: User, admin_client: AsyncClient, tmp_path: Path
) -> dict[str, Any]:
    """As its editor is shown it."""
    made = await make_draft(services, tmp_path, admin)
    shown: dict[str, Any] = (await admin_client.get(f"{API}/posts/{made.id}")).json()
    return shown


@pytest.mark.requirement("42")
class TestAnswers:
    async def test_about_a_draft_lead_editors_to_its_files(
        self, client: AsyncClient, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        place = f"{API}/posts/{draft['id']}"
        written = await admin_client.patch(place, json={"title": "Boats"})
        found = [addresses(written.json())]
        image, video = draft["images"][0]["id"], draft["videos"][0]["id"]
        for method, path, body in (
            ("GET", place, None),
            ("GET", f"{API}/posts?status=draft", None),
            ("GET", f"{API}/posts?status=any", None),
            ("GET", f"{place}/images", None),
            ("GET", f"{place}/videos", None),
            ("GET", f"{API}/images/{image}", None),
            ("GET", f"{API}/videos/{video}", None),
            ("PATCH", f"{API}/images/{image}", {"alt": "Many"}),
            ("PATCH", f"{API}/videos/{video}", {"title": "A film"}),
            ("PUT", f"{place}/images/order", {"ids": [image]}),
            ("PUT", f"{place}/videos/order", {"ids": [video]}),
        ):
            answer = await admin_client.request(method, path, json=body)
            found.append(addresses(answer.json()))
        for each in found:
            assert are_signed(each)
            assert await statuses(client, *set(each)) == {200}

    async def test_name_every_place_where_an_address_stands(self, draft: dict[str, Any]) -> None:
        (video,) = draft["videos"]
        assert are_signed([draft["cover"]["url"], draft["seo"]["image"], draft["images"][0]["url"]])
        assert are_signed([video["url"], video["poster"], video["captions"][0]["url"]])
        assert are_signed([made["url"] for made in draft["cover"]["variants"]])
        assert len(addresses(draft["html"])) == 1 + 4
        assert are_signed(addresses(draft["html"]))
        assert not are_signed(addresses([draft["body_markdown"]]))

    async def test_about_something_new_are_no_different(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        tmp_path: Path,
        draft: dict[str, Any],
    ) -> None:
        url = unsigned(draft["cover"]["url"])
        body = {"title": "New", "body_markdown": f"![]({url})", "cover": {"url": url}}
        for noun in NOUNS:
            extra = {"summary": "New"} if noun == "projects" else {}
            made = (await admin_client.post(f"{API}/{noun}", json=body | extra)).json()
            place = f"{API}/{noun}/{made['id']}/images"
            image = (await admin_client.post(place, json={"url": url})).json()
            for answer in (made, image):
                assert are_signed(addresses(answer))
                assert await statuses(client, *addresses(answer)) == {200}

    async def test_that_are_repeated_are_no_different(
        self, client: AsyncClient, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        url = unsigned(draft["cover"]["url"])
        body, headers = {"title": "New", "cover": {"url": url}}, {"Idempotency-Key": "abc"}
        first, second = [
            await admin_client.post(f"{API}/posts", json=body, headers=headers) for _ in range(2)
        ]
        assert second.headers["Idempotency-Replayed"] == "true"
        assert second.json() == first.json()
        assert await statuses(client, *addresses(second.json())) == {200}

    async def test_to_the_holder_of_a_preview_link_lead_there_too(
        self, client: AsyncClient, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        link = (await admin_client.post(f"{API}/posts/{draft['id']}/preview-links")).json()
        response = await client.get(link["url"])
        assert response.headers["Cache-Control"] == "private, no-store"
        assert len(addresses(response.json())) > 10
        assert are_signed(addresses(response.json()))
        assert await statuses(client, *addresses(response.json())) == {200}

    async def test_of_a_text_to_be_looked_at_lead_there_too(
        self, client: AsyncClient, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        url = unsigned(draft["cover"]["url"])
        response = await admin_client.post(f"{API}/render", json={"markdown": f"![]({url})"})
        found = addresses(response.json())
        assert len(found) == 1 + 4
        assert are_signed(found)
        assert await statuses(client, *found) == {200}

    async def test_are_as_new_as_their_signatures(
        self, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        """An ETag of old ones must not keep an editor from new ones."""
        place = f"{API}/posts/{draft['id']}"
        held = {"If-None-Match": (await admin_client.get(place)).headers["ETag"]}
        with travel(utc_now() + timedelta(minutes=6)):
            response = await admin_client.get(place, headers=held)
        assert response.status_code == 200

    async def test_about_what_is_public_are_the_same_for_everybody(
        self, client: AsyncClient, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        place = f"{API}/posts/{draft['id']}"
        published = await admin_client.post(f"{place}/publish")
        assert not are_signed(addresses(published.json()))
        image, video = draft["images"][0]["id"], draft["videos"][0]["id"]
        for path in (
            place,
            f"{API}/posts",
            f"{API}/posts?status=published",
            f"{place}/images",
            f"{place}/videos",
            f"{API}/images/{image}",
            f"{API}/videos/{video}",
        ):
            for who in (admin_client, client, client):
                found = addresses((await who.get(path)).json())
                assert not are_signed(found), path
                assert await statuses(client, *found) == {200}
        changed = await admin_client.patch(f"{API}/images/{image}", json={"alt": "Many"})
        assert not are_signed(addresses(changed.json()))

    async def test_about_the_library_are_for_everybody_too(
        self, admin_client: AsyncClient, services: Services, tmp_path: Path
    ) -> None:
        image = await add_picture(services, tmp_path, "ships")
        for path in (f"{API}/images", f"{API}/images/{image.id}"):
            assert not are_signed(addresses((await admin_client.get(path)).json()))

    async def test_about_what_is_related_to_a_draft_are_about_what_is_public(
        self, admin_client: AsyncClient, services: Services, admin: User, tmp_path: Path
    ) -> None:
        draft, other = [
            await make_post(services, admin, status=how, tags=["Sea"])
            for how in ("draft", "published")
        ]
        await add_picture(services, tmp_path, "cover", "posts", other.id, is_cover=True)
        related = (await admin_client.get(f"{API}/posts/{draft.id}/related")).json()
        assert not are_signed(addresses(related))

    async def test_that_are_kept_change_with_the_status(
        self, client: AsyncClient, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        place = f"{API}/posts/{draft['slug']}"
        await admin_client.post(f"{API}/posts/{draft['id']}/publish")
        for kept in ("miss", "hit"):
            response = await client.get(place)
            assert response.headers["X-Cache"] == kept
            urls = set(addresses(response.json()))
            assert await statuses(client, *urls) == {200}
        await admin_client.post(f"{API}/posts/{draft['id']}/unpublish")
        assert await statuses(client, place, *urls) == {404}


class TestWhatComesBack:
    async def test_is_stored_without_the_signature(
        self, client: AsyncClient, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        signed = draft["cover"]["url"]
        place = f"{API}/posts/{draft['id']}"
        body = {
            "body_markdown": f"![Ships]({signed}) and <img src='{signed}'>",
            "seo": {"image": signed},
            "cover": {"url": signed},
        }
        answer = (await admin_client.patch(place, json=body)).json()
        url = unsigned(signed)
        assert answer["body_markdown"] == f"![Ships]({url}) and <img src='{url}'>"
        assert answer["html"].count("<picture>") == 2
        assert len(answer["images"]) == 1
        attached = await admin_client.post(f"{place}/images", json={"url": signed})
        assert attached.json()["width"] == 700
        (video,) = draft["videos"]
        copied = await admin_client.post(f"{place}/videos", json={"url": video["url"]})
        assert copied.json()["duration"] == 12.5
        film = f"{API}/videos/{copied.json()['id']}"
        changed = await admin_client.patch(film, json={"poster": video["poster"]})
        assert changed.status_code == 200
        published = (await admin_client.post(f"{place}/publish")).json()
        found = addresses(published)
        assert url in found
        assert not are_signed([*found, published["seo"]["image"]])
        assert await statuses(client, *found) == {200}

    async def test_in_a_profile_is_no_different(
        self, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        signed = draft["cover"]["url"]
        resume = {"basics": {"image": signed, "summary": f"![]({signed})"}}
        for method, path, body in (
            ("PATCH", "profile", {"image_url": signed, "summary_markdown": f"![]({signed})"}),
            ("PUT", "profile/resume.json", resume),
        ):
            response = await admin_client.request(method, f"{API}/{path}", json=body)
            assert response.status_code == 200, response.text
            profile = (await admin_client.get(f"{API}/profile")).json()
            assert profile["image_url"] == unsigned(signed)
            assert profile["summary_markdown"] == f"![]({unsigned(signed)})"
            assert profile["summary_html"].count("<picture>") == 1


class TestRefuse:
    async def test_an_image_that_shows_nothing_known(
        self, admin_client: AsyncClient, draft: dict[str, Any]
    ) -> None:
        place = f"{API}/posts/{draft['id']}/images"
        for key in ("ab/" + "c" * 38 + ".png", "nothing", "../secrets.json", ""):
            response = await admin_client.post(place, json={"url": f"/media/{key}"})
            assert response.status_code == 422, key
