import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.posts import make_post
from tests.factories.projects import make_project
from tests.factories.publications import HIDDEN, NOUNS, make_hidden

from portfolio.models.users import User
from portfolio.wiring import Services

API = "/api/v1"
TAGS = f"{API}/tags"
GROUPS = ("tags", "series")


async def group(admin_client: AsyncClient, kind: str, name: str, **fields: Any) -> dict[str, Any]:
    response = await admin_client.post(f"{API}/{kind}", json={"name": name, **fields})
    assert response.status_code == 201
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.parametrize("kind", GROUPS)
class TestGroups:
    async def test_are_shown_to_anyone_by_name(
        self, client: AsyncClient, admin_client: AsyncClient, kind: str
    ) -> None:
        for name in ("Beta", "Alpha"):
            await group(admin_client, kind, name)
        body = (await client.get(f"{API}/{kind}")).json()
        assert [item["name"] for item in body["items"]] == ["Alpha", "Beta"]
        assert body["total"] == 2

    async def test_are_made_and_changed_by_admins_only(
        self, client: AsyncClient, user_client: AsyncClient, admin_client: AsyncClient, kind: str
    ) -> None:
        url = f"{API}/{kind}/{(await group(admin_client, kind, 'One'))['id']}"
        for caller, expected in ((client, 401), (user_client, 403)):
            answers = [
                await caller.post(f"{API}/{kind}", json={"name": "Two"}),
                await caller.patch(url, json={"name": "Two"}),
                await caller.delete(url),
            ]
            assert [answer.status_code for answer in answers] == [expected] * 3
        assert (await client.get(url)).json()["name"] == "One"

    @pytest.mark.parametrize(
        ("name", "slug"), [("C#", "csharp"), ("Über uns", "uber-uns"), ("\N{CRAB}", "1f980")]
    )
    async def test_get_a_slug_from_their_name(
        self, admin_client: AsyncClient, client: AsyncClient, kind: str, name: str, slug: str
    ) -> None:
        response = await admin_client.post(f"{API}/{kind}", json={"name": name})
        assert response.json()["slug"] == slug
        assert (await client.get(response.headers["Location"])).json() == response.json()
        assert (await client.get(f"{API}/{kind}/{slug}")).json() == response.json()

    async def test_are_never_called_by_a_number(
        self, admin_client: AsyncClient, client: AsyncClient, kind: str
    ) -> None:
        made = await group(admin_client, kind, "2024")
        assert not made["slug"].isdigit()
        assert (await client.get(f"{API}/{kind}/{made['slug']}")).status_code == 200
        refused = await admin_client.patch(f"{API}/{kind}/{made['id']}", json={"slug": "2024"})
        assert refused.status_code == 422

    async def test_do_not_share_a_slug(self, admin_client: AsyncClient, kind: str) -> None:
        await group(admin_client, kind, "One")
        two = await group(admin_client, kind, "Two")
        again = await admin_client.post(f"{API}/{kind}", json={"name": "one"})
        renamed = await admin_client.patch(f"{API}/{kind}/{two['id']}", json={"slug": "one"})
        for response in (again, renamed):
            assert response.status_code == 409
            assert "one" in response.json()["detail"]

    async def test_are_made_once_by_many_at_once(
        self, admin_client: AsyncClient, kind: str
    ) -> None:
        answers = await asyncio.gather(
            *(admin_client.post(f"{API}/{kind}", json={"name": "One"}) for _ in range(10))
        )
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9

    async def test_are_renamed(
        self, admin_client: AsyncClient, client: AsyncClient, kind: str
    ) -> None:
        made = await group(admin_client, kind, "One", description="First")
        url = f"{API}/{kind}/one"
        response = await admin_client.patch(url, json={"name": "Uno", "slug": "uno"})
        assert response.status_code == 200
        found = (await client.get(f"{API}/{kind}/uno")).json()
        assert (found["id"], found["name"]) == (made["id"], "Uno")
        assert found["description"] == "First"
        assert (await client.get(url)).status_code == 404

    @pytest.mark.parametrize(
        "changes", [{"name": None}, {"slug": None}, {"name": ""}, {"colour": "red"}, {"slug": "A"}]
    )
    async def test_refuse_changes_that_make_no_sense(
        self, admin_client: AsyncClient, kind: str, changes: dict[str, Any]
    ) -> None:
        made = await group(admin_client, kind, "One")
        response = await admin_client.patch(f"{API}/{kind}/{made['id']}", json=changes)
        assert response.status_code == 422
        assert next(iter(changes)) in response.json()["detail"]

    async def test_are_changed_only_from_the_version_that_was_seen(
        self, admin_client: AsyncClient, client: AsyncClient, kind: str
    ) -> None:
        made = await group(admin_client, kind, "One")
        url = f"{API}/{kind}/{made['id']}"
        seen = {"If-Match": (await client.get(url)).headers["ETag"]}
        assert (await admin_client.patch(url, json={"name": "A"}, headers=seen)).status_code == 200
        assert (await admin_client.patch(url, json={"name": "B"}, headers=seen)).status_code == 412
        assert (await admin_client.delete(url, headers=seen)).status_code == 412

    @pytest.mark.parametrize("ref", ["404", "nothing", "9223372036854775808"])
    async def test_are_not_found_where_there_are_none(
        self, admin_client: AsyncClient, kind: str, ref: str
    ) -> None:
        url = f"{API}/{kind}/{ref}"
        assert (await admin_client.get(url)).status_code == 404
        assert (await admin_client.patch(url, json={})).status_code == 404
        assert (await admin_client.delete(url)).status_code == 404

    async def test_can_be_paged_by_cursor(self, admin_client: AsyncClient, kind: str) -> None:
        for name in "edcba":
            await group(admin_client, kind, name)
        url = f"{API}/{kind}?limit=2&sort=-name"
        first = (await admin_client.get(url)).json()
        rest = (await admin_client.get(f"{url}&cursor={first['next_cursor']}")).json()
        assert [item["name"] for item in first["items"] + rest["items"]] == list("edcb")
        assert (first["total"], rest["total"]) == (5, None)

    async def test_run_the_same_number_of_queries_for_any_number(
        self, client: AsyncClient, admin_client: AsyncClient, count_queries: list[str], kind: str
    ) -> None:
        counts = []
        for name in "abc":
            await group(admin_client, kind, name)
            count_queries.clear()
            # Past the cache, which the first time finds out until when an answer is good.
            await client.get(f"{API}/{kind}", headers={"Cookie": "a=b"})
            counts.append(len(count_queries))
        assert len(set(counts)) == 1
        assert counts[0] <= 4


class TestSeries:
    async def test_leaves_its_posts_behind_when_it_goes(
        self, admin_client: AsyncClient, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin, series="Letters")
        assert (await client.get(f"{API}/series/letters")).json()["posts_count"] == 1
        assert (await admin_client.delete(f"{API}/series/letters")).status_code == 204
        body = (await client.get(f"{API}/posts/{post.id}")).json()
        assert body["series"] is None

    @pytest.mark.parametrize("how", HIDDEN)
    async def test_counts_what_strangers_see(
        self, admin_client: AsyncClient, services: Services, admin: User, how: str
    ) -> None:
        await make_hidden(services, "posts", admin, how, series="Letters")
        assert (await admin_client.get(f"{API}/series/letters")).json()["posts_count"] == 0


class TestGroupsOfDrafts:
    @pytest.mark.parametrize("how", HIDDEN)
    async def test_are_not_found_by_strangers(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        how: str,
    ) -> None:
        await make_hidden(services, "posts", admin, how, series="Secret", tags=["secret"])
        for group in GROUPS:
            for outsider in (client, user_client):
                assert (await outsider.get(f"{API}/{group}/secret")).status_code == 404
                assert (await outsider.get(f"{API}/{group}")).json()["items"] == []
            assert (await admin_client.get(f"{API}/{group}/secret")).status_code == 200
            assert (await admin_client.get(f"{API}/{group}")).json()["total"] == 1

    async def test_are_found_once_something_in_them_is_public(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        await make_hidden(services, "posts", admin, "draft", series="Known", tags=["known"])
        await make_post(services, admin, series="Known", tags=["known"])
        for group in GROUPS:
            assert (await client.get(f"{API}/{group}/known")).status_code == 200
            assert (await client.get(f"{API}/{group}")).json()["total"] == 1


class TestTags:
    async def test_count_posts_and_projects_that_strangers_see(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        for noun in NOUNS:
            for how in HIDDEN:
                await make_hidden(services, noun, admin, how, tags=["x"])
        await make_post(services, admin, tags=["x"])
        await make_post(services, admin, tags=["x", "y"])
        await make_project(services, admin, technologies=["x"])
        items = (await client.get(TAGS)).json()["items"]
        assert [(item["slug"], item["posts_count"], item["projects_count"]) for item in items] == [
            ("x", 2, 1),
            ("y", 1, 0),
        ]

    async def test_leave_what_they_tagged_behind(
        self, admin_client: AsyncClient, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin, tags=["a", "b"])
        assert (await admin_client.delete(f"{TAGS}/a")).status_code == 204
        body = (await client.get(f"{API}/posts/{post.id}")).json()
        assert [tag["slug"] for tag in body["tags"]] == ["b"]

    async def test_are_merged_with_all_that_bears_them(
        self, admin_client: AsyncClient, client: AsyncClient, services: Services, admin: User
    ) -> None:
        one = await make_post(services, admin, tags=["js", "web"])
        both = await make_post(services, admin, tags=["javascript", "js"])
        project = await make_project(services, admin, technologies=["js"])
        response = await admin_client.patch(f"{TAGS}/js", json={"merge_into": "javascript"})
        assert response.status_code == 200
        merged = response.json()
        assert (merged["slug"], merged["posts_count"], merged["projects_count"]) == (
            "javascript",
            2,
            1,
        )
        for noun, row, slugs in (
            ("posts", one, ["javascript", "web"]),
            ("posts", both, ["javascript"]),
            ("projects", project, ["javascript"]),
        ):
            body = (await client.get(f"{API}/{noun}/{row.id}")).json()
            tags = body["tags" if noun == "posts" else "technologies"]
            assert sorted(tag["slug"] for tag in tags) == slugs
        assert (await client.get(f"{TAGS}/js")).status_code == 404

    @pytest.mark.parametrize("target", ["js", "nothing"])
    async def test_are_merged_into_another_that_is_there(
        self, admin_client: AsyncClient, services: Services, admin: User, target: str
    ) -> None:
        await make_post(services, admin, tags=["js"])
        response = await admin_client.patch(f"{TAGS}/js", json={"merge_into": target})
        assert response.status_code == 422
        assert (await admin_client.get(f"{TAGS}/js")).status_code == 200
