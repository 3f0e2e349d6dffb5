"""A stored card is always what a card made from the rows would say."""

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import pytest
from httpx2 import AsyncClient
from sqlalchemy import update
from tests.factories.posts import make_post
from tests.factories.projects import make_project

from portfolio.core.clock import utc_now
from portfolio.core.pagination import PageRequest
from portfolio.models.posts import BlogPost
from portfolio.models.users import User
from portfolio.wiring import Services

Change = Callable[[AsyncClient], Awaitable[object]]
API = "/api/v1"


async def _stored_and_made(services: Services) -> list[tuple[object, object]]:
    """Each list of cards as it is stored, and as the rows would have it."""
    pairs = []
    async with services.database.reading() as db:
        for service in (services.posts, services.projects):
            rows = service._rows
            stored = await rows.ready_cards(db, PageRequest(limit=100), {})
            made = await rows.cards(db, PageRequest(limit=100), {})
            option = orjson.OPT_UTC_Z
            pairs.append(
                (
                    orjson.loads(orjson.dumps(stored, option=option)),
                    orjson.loads(orjson.dumps(made, option=option)),
                )
            )
    return pairs


async def _image(client: AsyncClient) -> int:
    images = (await client.get(f"{API}/posts/one/images")).json()["items"]
    return int(images[0]["id"])


async def _delete_the_cover(client: AsyncClient) -> object:
    return await client.delete(f"{API}/images/{await _image(client)}")


async def _describe_the_cover(client: AsyncClient) -> object:
    return await client.patch(f"{API}/images/{await _image(client)}", json={"alt": "New words"})


async def _reverse_the_projects(client: AsyncClient) -> object:
    items = (await client.get(f"{API}/projects")).json()["items"]
    ids = [item["id"] for item in reversed(items)]
    return await client.put(f"{API}/projects/order", json={"ids": ids})


async def _rename_the_post(client: AsyncClient) -> object:
    key = (await client.get(f"{API}/posts/one")).json()["id"]
    return await client.patch(f"{API}/posts/{key}", json={"title": "Once", "tags": ["new"]})


async def _bin_the_post(client: AsyncClient) -> object:
    key = (await client.get(f"{API}/posts/one")).json()["id"]
    return await client.delete(f"{API}/posts/{key}")


CHANGES: dict[str, Change] = {
    "tag renamed": lambda client: client.patch(f"{API}/tags/a", json={"name": "Alpha"}),
    "tag merged": lambda client: client.patch(f"{API}/tags/a", json={"merge_into": "b"}),
    "tag deleted": lambda client: client.delete(f"{API}/tags/a"),
    "series renamed": lambda client: client.patch(f"{API}/series/saga", json={"name": "Epic"}),
    "series deleted": lambda client: client.delete(f"{API}/series/saga"),
    "author renamed": lambda client: client.patch(f"{API}/me", json={"display_name": "Ann"}),
    "cover added": lambda client: client.post(
        f"{API}/projects/tool/images", json={"url": "https://example.com/b.png", "cover": True}
    ),
    "cover deleted": _delete_the_cover,
    "cover described": _describe_the_cover,
    "projects reordered": _reverse_the_projects,
    "post changed": _rename_the_post,
    "post binned": _bin_the_post,
    "view counted": lambda client: client.post(f"{API}/posts/one/views"),
}


@pytest.fixture
async def content(services: Services, admin: User) -> None:
    cover = {"url": "https://example.com/a.png", "alt": "Words"}
    await make_post(services, admin, "One", tags=["a", "b"], series="Saga", cover=cover)
    await make_post(services, admin, "Two", tags=["b"])
    await make_project(services, admin, "Tool", technologies=["a"])
    await make_project(services, admin, "Toy", technologies=["a", "b"])


@pytest.mark.usefixtures("content")
class TestReadyCards:
    async def test_are_what_the_rows_say(self, services: Services) -> None:
        for stored, made in await _stored_and_made(services):
            assert stored == made

    @pytest.mark.parametrize("name", CHANGES)
    async def test_follow_every_change_of_what_they_show(
        self, admin_client: AsyncClient, services: Services, name: str
    ) -> None:
        before = await _stored_and_made(services)
        response = await CHANGES[name](admin_client)
        assert getattr(response, "status_code", None) in {200, 201, 204}
        after = await _stored_and_made(services)
        assert [stored for stored, _ in after] == [made for _, made in after]
        assert after != before

    async def test_follow_changes_that_meet(
        self, admin_client: AsyncClient, services: Services
    ) -> None:
        key = (await admin_client.get(f"{API}/posts/one")).json()["id"]
        image = await _image(admin_client)
        for turn in range(4):
            changes = [
                (f"posts/{key}", {"title": f"Title {turn}"}),
                ("tags/a", {"name": f"A {turn}"}),
                (f"images/{image}", {"alt": f"Words {turn}"}),
                ("tags/b", {"name": f"B {turn}"}),
                (f"posts/{key}", {"tags": ["b", "a"][turn % 2 :]}),
                ("series/saga", {"name": f"Saga {turn}"}),
            ]
            await asyncio.gather(
                *(admin_client.patch(f"{API}/{path}", json=body) for path, body in changes)
            )
            for stored, made in await _stored_and_made(services):
                assert stored == made

    async def test_show_a_scheduled_post_as_published_once_its_time_has_come(
        self, services: Services, admin: User, client: AsyncClient
    ) -> None:
        post = await make_post(
            services, admin, "Soon", status="scheduled", published_at="2099-01-01T00:00:00Z"
        )
        # Time travel for the row: its card stays as it was written.
        async with services.database.transaction() as db:
            await db.execute(
                update(BlogPost)
                .where(BlogPost.id == post.id)
                .values(listed_at=utc_now(), published_at=utc_now())
            )
        items = (await client.get(f"{API}/posts")).json()["items"]
        assert {item["title"]: item["status"] for item in items}["Soon"] == "published"

    async def test_leave_version_and_time_of_change_alone(
        self, admin_client: AsyncClient, client: AsyncClient
    ) -> None:
        before = (await client.get(f"{API}/posts/one")).json()
        await admin_client.patch(f"{API}/tags/a", json={"name": "Alpha"})
        after = (await client.get(f"{API}/posts/one")).json()
        assert after["tags"][0]["name"] == "Alpha"
        assert (after["version"], after["updated_at"]) == (before["version"], before["updated_at"])

    async def test_of_rows_by_other_hands_are_made_at_the_next_start(
        self, services: Services, client: AsyncClient
    ) -> None:
        async with services.database.transaction() as db:
            await db.execute(update(BlogPost).values(card="", card_version=0))
        # Until then the list is made from the rows.
        assert len((await client.get(f"{API}/posts")).json()["items"]) == 2
        async with services.database.transaction() as db:
            assert await services.cards.renew_outdated(db) == 2
        async with services.database.transaction() as db:
            assert await services.cards.renew_outdated(db) == 0
        for stored, made in await _stored_and_made(services):
            assert stored == made
