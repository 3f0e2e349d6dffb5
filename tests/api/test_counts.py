from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.posts import make_posts
from tests.factories.publications import HIDDEN, NOUNS, make, make_hidden
from tests.factories.reactions import API, make_remark, reactions_of

from portfolio.core.config import ReactionSettings
from portfolio.models.users import User
from portfolio.wiring import Services

COUNTS = f"{API}/counts"
NONE = dict.fromkeys(ReactionSettings.model_construct().kinds, 0)
NOTHING = {"comments": 0, "reactions": NONE, "total": 0, "views": 0, "mine": []}


async def counts(client: AsyncClient, *targets: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await client.post(COUNTS, json={"targets": targets})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestCount:
    async def test_tells_anyone_of_everything_in_order(
        self, client: AsyncClient, user_client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make(services, "posts", admin, "Hello")
        project = await make(services, "projects", admin, "Bridge")
        remark = await make_remark(services.database, "posts", post.id, replies_count=3)
        await client.post(f"{API}/posts/{post.id}/views")
        for noun, ref in (("posts", post.id), ("comments", remark)):
            await user_client.put(reactions_of(noun, ref, "love"))
        named: list[dict[str, Any]] = [
            {"type": "comments", "id": remark},
            {"type": "projects", "ref": "bridge"},
            {"type": "posts", "ref": str(post.id)},
            {"type": "posts", "id": post.id},
        ]
        loved = {"found": True, "reactions": {**NONE, "love": 1}, "total": 1, "mine": []}
        hello = {"type": "posts", "id": post.id, "slug": "hello", "comments": 1, "views": 1}
        assert await counts(client, *named) == [
            {"type": "comments", "id": remark, "slug": None, "comments": 3, "views": 0, **loved},
            {"type": "projects", "id": project.id, "slug": "bridge", "found": True, **NOTHING},
            {**hello, **loved},
            {**hello, **loved},
        ]
        mine = await counts(user_client, *named)
        assert [item["mine"] for item in mine] == [["love"], [], ["love"], ["love"]]

    async def test_knows_a_guest(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make(services, "posts", admin)
        await client.put(reactions_of("posts", post.id, "like"))
        (item,) = await counts(client, {"type": "posts", "id": post.id})
        assert item["mine"] == ["like"]

    @pytest.mark.parametrize("noun", NOUNS)
    @pytest.mark.requirement("38")
    async def test_tells_no_more_of_what_is_hidden_than_of_what_is_not(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
    ) -> None:
        targets: list[dict[str, Any]] = [
            {"type": noun, "id": 2**63 - 1},
            {"type": noun, "ref": "no"},
        ]
        for how in HIDDEN:
            hidden = await make_hidden(services, noun, admin, how, title=how)
            remark = await make_remark(services.database, noun, hidden.id)
            await admin_client.put(reactions_of(noun, hidden.id, "like"))
            targets += [
                {"type": noun, "id": hidden.id},
                {"type": noun, "ref": how},
                {"type": "comments", "id": remark},
            ]
        shown = await make(services, noun, admin)
        waiting = await make_remark(services.database, noun, shown.id, status="pending")
        targets += [{"type": "comments", "id": waiting}, {"type": "comments", "ref": "no"}]
        for item in await counts(client, *targets):
            kind = item.pop("type")
            assert item == {"id": None, "slug": None, "found": False, **NOTHING}, kind
        seen = await counts(admin_client, *targets)
        assert [item["found"] for item in seen] == [False, False, *[True] * 12, False, False]

    async def test_runs_the_same_number_of_queries_for_any_number(
        self, client: AsyncClient, services: Services, admin: User, count_queries: list[str]
    ) -> None:
        posts = await make_posts(services, admin, 20)
        project = await make(services, "projects", admin)
        remarks = [await make_remark(services.database, "posts", post.id) for post in posts[:10]]
        await client.put(reactions_of("posts", posts[0].id, "like"))
        few: list[dict[str, Any]] = [
            {"type": "posts", "id": posts[0].id},
            {"type": "projects", "ref": project.slug},
            {"type": "comments", "id": remarks[0]},
        ]
        many: list[dict[str, Any]] = [
            *few,
            *({"type": "posts", "ref": post.slug} for post in posts),
            *({"type": "comments", "id": remark} for remark in remarks),
        ]
        numbers = []
        for targets in (few, many):
            count_queries.clear()
            assert all(item["found"] for item in await counts(client, *targets))
            numbers.append(len(count_queries))
        assert numbers == [5, 5]
        count_queries.clear()
        await counts(client, *many[3:20])
        assert len(count_queries) == 2

    async def test_is_for_nobodys_cache(self, client: AsyncClient) -> None:
        answer = await client.post(COUNTS, json={"targets": [{"type": "posts", "id": 1}]})
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        "targets",
        [
            [],
            [{"type": "posts", "id": 1}] * 101,
            [{"type": "posts"}],
            [{"type": "posts", "id": 1, "ref": "a"}],
            [{"type": "profiles", "id": 1}],
            [{"type": "posts", "id": 0}],
            [{"type": "posts", "ref": ""}],
            [{"type": "posts", "ref": "x" * 201}],
            [{"type": "posts", "id": 1, "more": 1}],
        ],
    )
    async def test_refuses_what_it_does_not_understand(
        self, client: AsyncClient, targets: list[Any]
    ) -> None:
        answer = await client.post(COUNTS, json={"targets": targets})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"].startswith("targets")
