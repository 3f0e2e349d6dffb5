"""What open pages are told of when something becomes public."""

from collections.abc import Sequence
from datetime import timedelta

import httpx2
from tests.factories.jobs import rows
from tests.factories.posts import make_post
from tests.factories.projects import make_project
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.db.repositories.live import LiveEventRepository, StoredEvent
from portfolio.models.live import Audience
from portfolio.models.users import User
from portfolio.services.announcements import ANNOUNCE
from portfolio.wiring import Services


async def told(services: Services) -> Sequence[StoredEvent]:
    async with services.database.reading() as db:
        return await LiveEventRepository().since(db, 0, (), 100)


async def announce_due(services: Services) -> None:
    """As the worker does it once it is time."""
    handler, _ = services.outbox._topics[ANNOUNCE]
    for job in await rows(services.database):
        if job.topic == ANNOUNCE:
            await handler(job.payload)


class TestPublish:
    async def test_is_told_with_all_that_a_list_shows(
        self, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin, "News", slug="news", tags=["Sea"])
        project = await make_project(services, admin, "Boat", technologies=["Wood"])
        first, second = await told(services)
        assert (first.topic, first.type, first.audience) == (
            "posts",
            "post.published",
            Audience.EVERYONE,
        )
        assert first.data["id"] == post.id
        assert first.data["slug"] == "news"
        assert first.data.keys() == {
            "id",
            "slug",
            "title",
            "excerpt",
            "published_at",
            "author",
            "tags",
        }
        assert (second.topic, second.type) == ("projects", "project.published")
        assert second.data["id"] == project.id

    async def test_is_told_once(
        self, admin_client: httpx2.AsyncClient, services: Services, admin: User
    ) -> None:
        draft = await make_post(services, admin, "News", status="draft")
        assert not await told(services)
        address = f"/api/v1/posts/{draft.id}"
        before = (await admin_client.post(f"{address}/publish")).json()
        await admin_client.patch(address, json={"title": "Old"})
        await admin_client.post(f"{address}/unpublish")
        await admin_client.post(f"{address}/publish")
        assert [event.data["title"] for event in await told(services)] == ["News"]
        after = (await admin_client.get(address)).json()
        assert after["published_at"] >= before["published_at"]

    async def test_is_not_told_of_what_was_public_long_ago(
        self, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, "Old", published_at="2020-01-01T00:00:00Z")
        assert not await told(services)


class TestSchedule:
    async def test_is_told_when_its_time_has_come(self, services: Services, admin: User) -> None:
        at = utc_now() + timedelta(hours=1)
        await make_post(services, admin, "Soon", published_at=at.isoformat())
        await announce_due(services)
        assert not await told(services)
        with travel(at + timedelta(seconds=1), tick=False):
            await announce_due(services)
            await announce_due(services)
        assert [event.data["title"] for event in await told(services)] == ["Soon"]

    async def test_is_no_longer_told_of_a_draft(
        self, admin_client: httpx2.AsyncClient, services: Services, admin: User
    ) -> None:
        at = utc_now() + timedelta(hours=1)
        post = await make_post(services, admin, "Soon", published_at=at.isoformat())
        await admin_client.post(f"/api/v1/posts/{post.id}/unpublish")
        with travel(at + timedelta(seconds=1), tick=False):
            await announce_due(services)
        assert not await told(services)
