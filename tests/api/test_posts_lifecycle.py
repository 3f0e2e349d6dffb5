"""From draft to bin and back. Projects live the same life; where it matters both are tried."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from tests.factories.posts import make_post
from tests.factories.publications import HIDDEN, NOUNS, make, make_hidden
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"
POSTS = f"{API}/posts"
LAST_YEAR = "2025-05-01T10:00:00Z"


async def write(admin_client: AsyncClient, noun: str = "posts", **fields: Any) -> str:
    """The address of a new one."""
    response = await admin_client.post(f"{API}/{noun}", json={"title": "Hello", **fields})
    assert response.status_code == 201
    return str(response.headers["Location"])


def tomorrow() -> str:
    return (utc_now() + timedelta(days=1)).isoformat()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("noun", NOUNS)
class TestPublish:
    async def test_makes_it_public_now(
        self, admin_client: AsyncClient, client: AsyncClient, noun: str
    ) -> None:
        url = await write(admin_client, noun)
        before = utc_now()
        response = await admin_client.post(f"{url}/publish")
        assert response.status_code == 200
        assert response.json()["status"] == "published"
        assert before <= moment(response.json()["published_at"]) <= utc_now()
        assert (await client.get(url)).status_code == 200

    async def test_keeps_the_date_of_what_is_public(
        self, admin_client: AsyncClient, noun: str
    ) -> None:
        url = await write(admin_client, noun, status="published", published_at=LAST_YEAR)
        response = await admin_client.post(f"{url}/publish", json={})
        assert response.json()["published_at"] == LAST_YEAR

    async def test_schedules_for_a_time_to_come(
        self, admin_client: AsyncClient, client: AsyncClient, noun: str
    ) -> None:
        url = await write(admin_client, noun)
        response = await admin_client.post(f"{url}/publish", json={"publish_at": tomorrow()})
        assert response.json()["status"] == "scheduled"
        assert (await client.get(url)).status_code == 404

    async def test_is_for_admins_only(
        self, client: AsyncClient, user_client: AsyncClient, admin_client: AsyncClient, noun: str
    ) -> None:
        url = await write(admin_client, noun)
        for verb in ("publish", "unpublish", "restore", "preview-links"):
            assert (await client.post(f"{url}/{verb}")).status_code == 401
            assert (await user_client.post(f"{url}/{verb}")).status_code == 403
        assert (await client.delete(url)).status_code == 401
        assert (await user_client.delete(url)).status_code == 403
        assert (await admin_client.get(url)).json()["status"] == "draft"

    async def test_makes_a_draft_again(
        self, admin_client: AsyncClient, client: AsyncClient, noun: str
    ) -> None:
        url = await write(admin_client, noun, status="published", published_at=LAST_YEAR)
        response = await admin_client.post(f"{url}/unpublish")
        assert response.json()["status"] == "draft"
        assert (await client.get(url)).status_code == 404
        again = await admin_client.patch(url, json={"status": "published"})
        assert again.json()["published_at"] == LAST_YEAR


class TestSchedule:
    @pytest.mark.parametrize("noun", NOUNS)
    async def test_time_alone_makes_it_public(
        self, client: AsyncClient, services: Services, admin: User, noun: str
    ) -> None:
        await make(services, noun, admin, "Here already")
        due = datetime(2031, 5, 1, 12, tzinfo=UTC)
        later = await make(services, noun, admin, "To come", published_at=due, tags=["x"])
        listed = f"{API}/{noun}"
        with travel(due - timedelta(seconds=1), tick=False):
            assert (await client.get(listed)).json()["total"] == 1
            assert (await client.get(f"{listed}/{later.id}")).status_code == 404
        with travel(due, tick=False):
            page = (await client.get(listed)).json()
            assert (page["total"], len(page["items"])) == (2, 2)
            found = (await client.get(f"{listed}/{later.id}")).json()
            assert found["status"] == "published"
            assert (await client.post(f"{listed}/{later.id}/views")).status_code == 204
            tag = (await client.get(f"{API}/tags/x")).json()
            assert tag[f"{noun}_count"] == 1

    async def test_needs_a_time(self, admin_client: AsyncClient) -> None:
        url = await write(admin_client)
        response = await admin_client.patch(url, json={"status": "scheduled"})
        assert response.status_code == 422
        assert "published_at" in response.json()["detail"]

    async def test_moves_with_its_date(
        self, admin_client: AsyncClient, client: AsyncClient
    ) -> None:
        url = await write(admin_client, status="scheduled", published_at=tomorrow())
        response = await admin_client.patch(url, json={"published_at": LAST_YEAR})
        assert response.json()["status"] == "published"
        assert (await client.get(url)).status_code == 200
        response = await admin_client.patch(url, json={"published_at": tomorrow()})
        assert response.json()["status"] == "scheduled"
        assert (await client.get(url)).status_code == 404

    async def test_ends_with_publishing_now(
        self, admin_client: AsyncClient, client: AsyncClient
    ) -> None:
        url = await write(admin_client, status="scheduled", published_at=tomorrow())
        response = await admin_client.patch(url, json={"status": "published"})
        assert moment(response.json()["published_at"]) <= utc_now()
        assert (await client.get(url)).status_code == 200


class TestDate:
    async def test_of_a_draft_is_a_proposal(
        self, admin_client: AsyncClient, client: AsyncClient
    ) -> None:
        url = await write(admin_client, published_at=LAST_YEAR)
        assert (await client.get(url)).status_code == 404
        response = await admin_client.patch(url, json={"status": "published"})
        assert response.json()["published_at"] == LAST_YEAR

    async def test_of_a_draft_can_be_taken_back(self, admin_client: AsyncClient) -> None:
        url = await write(admin_client, published_at=LAST_YEAR)
        response = await admin_client.patch(url, json={"published_at": None})
        assert response.json()["published_at"] is None
        drafts = (await admin_client.get(f"{POSTS}?status=draft&year={utc_now().year}")).json()
        assert drafts["total"] == 1

    async def test_of_what_is_published_stays(self, admin_client: AsyncClient) -> None:
        url = await write(admin_client, status="published")
        response = await admin_client.patch(url, json={"published_at": None})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "published_at"


class TestArchive:
    async def test_hides_it_from_strangers(
        self, admin_client: AsyncClient, client: AsyncClient
    ) -> None:
        url = await write(admin_client, status="published")
        response = await admin_client.patch(url, json={"status": "archived"})
        assert response.json()["status"] == "archived"
        assert (await client.get(url)).status_code == 404
        assert (await client.get(POSTS)).json()["total"] == 0


@pytest.mark.parametrize("noun", NOUNS)
class TestBin:
    async def test_takes_it_out_of_sight(
        self, admin_client: AsyncClient, client: AsyncClient, noun: str
    ) -> None:
        url = await write(admin_client, noun, status="published")
        for _ in range(2):
            response = await admin_client.delete(url)
            assert response.status_code == 204
            assert response.content == b""
        assert (await client.get(url)).status_code == 404
        assert (await client.get(f"{API}/{noun}")).json()["total"] == 0
        assert (await admin_client.get(url)).json()["deleted_at"] is not None
        binned = await admin_client.get(f"{API}/{noun}?status=binned")
        assert binned.json()["total"] == 1

    async def test_gives_it_back_as_it_was(
        self, admin_client: AsyncClient, client: AsyncClient, noun: str
    ) -> None:
        url = await write(admin_client, noun, status="published", body_markdown="Text")
        before = (await client.get(url)).json()
        await admin_client.delete(url)
        response = await admin_client.post(f"{url}/restore")
        assert response.status_code == 200
        after = (await client.get(url)).json()
        moving = {"updated_at", "version"}
        assert {name: after[name] for name in before.keys() - moving} == {
            name: before[name] for name in before.keys() - moving
        }

    async def test_must_be_left_before_anything_else(
        self, admin_client: AsyncClient, noun: str
    ) -> None:
        url = await write(admin_client, noun)
        await admin_client.delete(url)
        answers: list[Response] = [
            await admin_client.patch(url, json={"title": "X"}),
            await admin_client.post(f"{url}/publish"),
            await admin_client.post(f"{url}/unpublish"),
            await admin_client.post(f"{url}/revisions/1/restore"),
        ]
        assert {answer.status_code for answer in answers} == {409}
        assert "restore" in answers[0].json()["detail"]

    async def test_keeps_its_slug(self, admin_client: AsyncClient, noun: str) -> None:
        url = await write(admin_client, noun, slug="mine")
        await admin_client.delete(url)
        response = await admin_client.post(f"{API}/{noun}", json={"title": "X", "slug": "mine"})
        assert response.status_code == 409


@pytest.mark.parametrize("noun", NOUNS)
class TestPurge:
    async def test_is_for_what_is_in_the_bin(self, admin_client: AsyncClient, noun: str) -> None:
        url = await write(admin_client, noun)
        response = await admin_client.delete(f"{url}?permanent=true")
        assert response.status_code == 409
        assert (await admin_client.get(url)).status_code == 200

    async def test_leaves_nothing(self, admin_client: AsyncClient, noun: str) -> None:
        url = await write(
            admin_client,
            noun,
            aliases=["old/path"],
            cover={"url": "https://example.com/a.png"},
            **{"tags" if noun == "posts" else "technologies": ["a"]},
        )
        image = (await admin_client.get(url)).json()["cover"]["id"]
        film = await admin_client.post(f"{url}/videos", json={"url": "https://vimeo.com/1"})
        await admin_client.delete(url)
        assert (await admin_client.delete(f"{url}?permanent=true")).status_code == 204
        media = f"{API}/images/{image}", film.headers["Location"]
        for address in (url, f"{url}/revisions", *media, f"{API}/{noun}/old/path"):
            assert (await admin_client.get(address)).status_code == 404
        assert (await admin_client.delete(url)).status_code == 404


class TestPublicNumber:
    @pytest.mark.parametrize("how", HIDDEN)
    async def test_counts_what_strangers_see(
        self, client: AsyncClient, services: Services, admin: User, how: str
    ) -> None:
        await make_post(services, admin)
        await make_hidden(services, "posts", admin, how)
        assert (await client.get(POSTS)).json()["total"] == 1
