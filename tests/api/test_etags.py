"""Conditional requests: whoever changes has seen what they change, or says that they do not care."""

import asyncio

import pytest
from httpx2 import AsyncClient
from tests.factories.posts import make_post
from tests.factories.publications import NOUNS, make

from portfolio.models.users import User
from portfolio.wiring import Services

pytestmark = pytest.mark.requirement("99")

API = "/api/v1"
POSTS = f"{API}/posts"


async def tag_of(client: AsyncClient, url: str) -> str:
    return str((await client.get(url)).headers["ETag"])


def version(tag: str) -> int:
    return int(tag.removeprefix("W/").strip('"').partition(".")[0])


@pytest.mark.parametrize("noun", NOUNS)
class TestIfMatch:
    @pytest.mark.parametrize(
        "form", ["{weak}", "{strong}", '"{version}"', 'W/"{version}"', '"0", {weak}', "*"]
    )
    async def test_lets_the_present_version_through(
        self, admin_client: AsyncClient, services: Services, admin: User, noun: str, form: str
    ) -> None:
        url = f"{API}/{noun}/{(await make(services, noun, admin)).id}"
        tag = await tag_of(admin_client, url)
        sent = form.format(weak=tag, strong=tag.removeprefix("W/"), version=version(tag))
        response = await admin_client.patch(url, json={"title": "X"}, headers={"If-Match": sent})
        assert response.status_code == 200
        assert version(response.headers["ETag"]) == version(tag) + 1

    @pytest.mark.parametrize("strong", [False, True])
    async def test_stops_whoever_has_seen_an_old_one(
        self, admin_client: AsyncClient, services: Services, admin: User, noun: str, strong: bool
    ) -> None:
        url = f"{API}/{noun}/{(await make(services, noun, admin)).id}"
        tag = await tag_of(admin_client, url)
        await admin_client.patch(url, json={"title": "New"})
        seen = {"If-Match": tag.removeprefix("W/") if strong else tag}
        answers = [
            await admin_client.patch(url, json={"title": "Lost"}, headers=seen),
            await admin_client.post(f"{url}/publish", headers=seen),
            await admin_client.post(f"{url}/unpublish", headers=seen),
            await admin_client.post(f"{url}/revisions/1/restore", headers=seen),
            await admin_client.delete(url, headers=seen),
        ]
        assert [answer.status_code for answer in answers] == [412] * len(answers)
        assert isinstance(answers[0].json()["detail"], str)
        body = (await admin_client.get(url)).json()
        assert (body["title"], body["deleted_at"]) == ("New", None)

    @pytest.mark.parametrize(
        "sent", ['"x"', "1", '"', 'W/"abc.1"', '"-1"', '"99999999999999999999"']
    )
    async def test_takes_nothing_else_for_a_version(
        self, admin_client: AsyncClient, services: Services, admin: User, noun: str, sent: str
    ) -> None:
        url = f"{API}/{noun}/{(await make(services, noun, admin)).id}"
        response = await admin_client.patch(url, json={"title": "X"}, headers={"If-Match": sent})
        assert response.status_code == 412

    async def test_sees_a_change_of_whatever_belongs_to_it(
        self, admin_client: AsyncClient, services: Services, admin: User, noun: str
    ) -> None:
        url = f"{API}/{noun}/{(await make(services, noun, admin)).id}"
        tag = await tag_of(admin_client, url)
        labels = "tags" if noun == "posts" else "technologies"
        for changes in ({labels: ["a"]}, {"cover": {"url": "/c.png"}}, {"aliases": ["old"]}):
            response = await admin_client.patch(url, json=changes, headers={"If-Match": tag})
            assert response.status_code == 200
            again = await admin_client.patch(url, json=changes, headers={"If-Match": tag})
            assert again.status_code == 412
            tag = response.headers["ETag"]


class TestParallelChanges:
    async def test_of_different_fields_lose_none(
        self, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        url = f"{POSTS}/{post.id}"
        fields: dict[str, object] = {
            "title": "T",
            "body_markdown": "B",
            "excerpt": "E",
            "featured": True,
            "canonical_url": "/c",
            "series_position": 3,
            "authors": ["A"],
            "seo": {"title": "S"},
            "tags": ["x"],
            "slug": "s",
        }
        turns = [(name, value) for _ in range(5) for name, value in fields.items()]
        answers = await asyncio.gather(
            *(admin_client.patch(url, json={name: value}) for name, value in turns)
        )
        assert [answer.status_code for answer in answers] == [200] * 50
        body = (await admin_client.get(url)).json()
        for name in ("title", "body_markdown", "excerpt", "featured", "canonical_url", "authors"):
            assert body[name] == fields[name]
        assert body["seo"]["title"] == "S"
        assert [tag["name"] for tag in body["tags"]] == ["x"]
        assert body["slug"] == "s"

    async def test_from_one_version_leave_one_winner(
        self, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        url = f"{POSTS}/{(await make_post(services, admin)).id}"
        seen = {"If-Match": await tag_of(admin_client, url)}
        answers = await asyncio.gather(
            *(
                admin_client.patch(url, json={"title": f"By {number}"}, headers=seen)
                for number in range(20)
            )
        )
        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200] + [412] * 19
        winner = next(answer for answer in answers if answer.status_code == 200)
        assert (await admin_client.get(url)).json()["title"] == winner.json()["title"]


class TestIfNoneMatch:
    @pytest.mark.parametrize("path", ["posts", "posts/{id}", "posts/{slug}", "tags", "redirects"])
    async def test_saves_the_body(
        self, client: AsyncClient, services: Services, admin: User, path: str
    ) -> None:
        post = await make_post(services, admin, tags=["a"])
        url = f"{API}/{path.format(id=post.id, slug=post.slug)}"
        tag = await tag_of(client, url)
        for sent in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
            for ask in (client.get, client.head):
                response = await ask(url, headers={"If-None-Match": sent})
                assert response.status_code == 304
                assert response.content == b""
                assert response.headers["ETag"] == tag
        assert (await client.get(url, headers={"If-None-Match": '"x"'})).status_code == 200

    async def test_gives_the_body_after_a_change_that_others_made(
        self, client: AsyncClient, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin, tags=["a"])
        url = f"{POSTS}/{post.id}"
        for change in ({"tags": ["b"]}, {"title": "X"}):
            tag = await tag_of(client, url)
            await admin_client.patch(url, json=change)
            response = await client.get(url, headers={"If-None-Match": tag})
            assert response.status_code == 200
        tag = await tag_of(client, url)
        await admin_client.patch(f"{API}/tags/b", json={"name": "Renamed"})
        response = await client.get(url, headers={"If-None-Match": tag})
        assert response.json()["tags"][0]["name"] == "Renamed"
