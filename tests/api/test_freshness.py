"""What is kept ready for readers is never older than what was written."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.publications import NOUNS, make
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"
Change = Callable[[AsyncClient, str], Awaitable[Any]]


def change(method: str, path: str, **body: Any) -> Change:
    async def run(admin_client: AsyncClient, noun: str) -> None:
        url = f"{API}/{path.format(noun=noun, one=await first(admin_client, noun))}"
        if "IMAGE" in path:
            images = (await admin_client.get(f"{API}/{noun}/a/images")).json()["items"]
            url = url.replace("IMAGE", str(images[0]["id"]))
        response = await admin_client.request(method, url, json=body or None)
        assert response.status_code < 300, response.text

    return run


async def first(admin_client: AsyncClient, noun: str) -> int:
    return int((await admin_client.get(f"{API}/{noun}/a")).json()["id"])


CHANGES: dict[str, Change] = {
    "title": change("PATCH", "{noun}/{one}", title="New"),
    "body": change("PATCH", "{noun}/{one}", body_markdown="New"),
    "slug": change("PATCH", "{noun}/{one}", slug="new"),
    "featured": change("PATCH", "{noun}/{one}", featured=True),
    "date": change("PATCH", "{noun}/{one}", published_at="2020-01-01T00:00:00Z"),
    "draft": change("POST", "{noun}/{one}/unpublish"),
    "bin": change("DELETE", "{noun}/{one}"),
    "view": change("POST", "{noun}/{one}/views"),
    "cover": change("PATCH", "{noun}/{one}", cover={"url": "https://example.com/new.png"}),
    "picture": change("POST", "{noun}/a/images", url="https://example.com/new.png", cover=True),
    "alt": change("PATCH", "images/IMAGE", alt="New"),
    "no cover": change("DELETE", "images/IMAGE"),
    "name of a tag": change("PATCH", "tags/shared", name="New"),
    "slug of a tag": change("PATCH", "tags/shared", slug="new"),
    "merged tag": change("PATCH", "tags/shared", merge_into="other"),
    "no tag": change("DELETE", "tags/shared"),
    "name of the series": change("PATCH", "series/letters", name="New"),
    "no series": change("DELETE", "series/letters"),
    "name of the author": change("PATCH", "me", display_name="New"),
    "earlier text": change("POST", "{noun}/{one}/revisions/1/restore"),
}


async def lists(client: AsyncClient, admin_client: AsyncClient, noun: str) -> tuple[Any, Any]:
    """As strangers see it and as it is read for editors, from the rows themselves."""
    shown = (await client.get(f"{API}/{noun}")).json()
    truth = (await admin_client.get(f"{API}/{noun}?status=any")).json()
    public = [item for item in truth["items"] if item["status"] == "published"]
    assert shown["total"] == len(public)
    return shown["items"], public


@pytest.mark.parametrize("noun", NOUNS)
class TestLists:
    @pytest.fixture(autouse=True)
    async def two(self, services: Services, admin: User, noun: str) -> None:
        of_posts: dict[str, Any] = {"series": "Letters"} if noun == "posts" else {}
        for slug, tags in (("a", ["shared"]), ("b", ["shared", "other"])):
            await make(services, noun, admin, slug, slug=slug, tags=tags, **of_posts)
        rows = services.posts if noun == "posts" else services.projects
        async with services.database.transaction() as db:
            row = await rows.read(db, "a", admin)
            await services.media.add_image(
                db, row.id, noun, "https://example.com/old.png", is_cover=True
            )

    @pytest.mark.parametrize("what", CHANGES)
    async def test_show_every_change_at_once(
        self, client: AsyncClient, admin_client: AsyncClient, noun: str, what: str
    ) -> None:
        if noun == "projects" and "series" in what:
            pytest.skip("projects are in no series")
        before, truth = await lists(client, admin_client, noun)
        assert before == truth
        await CHANGES[what](admin_client, noun)
        after, truth = await lists(client, admin_client, noun)
        assert after == truth
        if what != "earlier text":
            assert after != before

    async def test_agree_with_the_detail(self, client: AsyncClient, noun: str) -> None:
        for item in (await client.get(f"{API}/{noun}")).json()["items"]:
            detail = (await client.get(f"{API}/{noun}/{item['id']}")).json()
            assert item == {name: detail[name] for name in item}

    async def test_take_up_what_was_scheduled(
        self, client: AsyncClient, admin_client: AsyncClient, noun: str
    ) -> None:
        due = utc_now() + timedelta(minutes=10)
        await admin_client.post(
            f"{API}/{noun}",
            json={"title": "Due", "status": "scheduled", "published_at": due.isoformat()},
        )
        with travel(due + timedelta(seconds=1)):
            after, truth = await lists(client, admin_client, noun)
            assert after == truth
            assert {item["status"] for item in after} == {"published"}
            assert len(after) == 3
