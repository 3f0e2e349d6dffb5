from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import insert, select, update
from tests.factories.api_tokens import make_api_token
from tests.factories.clients import make_client
from tests.factories.publications import HIDDEN, NOUNS, make, make_hidden
from tests.factories.reactions import count_reactions, make_remark, reactions_of

from portfolio.core.config import ReactionSettings
from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.live import Audience, LiveEvent, LiveType
from portfolio.models.posts import BlogPost
from portfolio.models.reactions import Reaction, ReactionTally
from portfolio.models.users import User
from portfolio.wiring import Services

KINDS = ReactionSettings.model_construct().kinds
NONE = dict.fromkeys(KINDS, 0)
TARGETS = (*NOUNS, "comments")
Target = tuple[str, int]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def make_target(services: Services, noun: str, author: User, title: str = "Here") -> int:
    if noun == "comments":
        post = await make(services, "posts", author, title)
        return await make_remark(services.database, "posts", post.id)
    made: int = (await make(services, noun, author, title)).id
    return made


def shown(answer: Response) -> tuple[dict[str, int], int, list[str]]:
    """What is there: the counts that are not 0, the total, and one's own."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body.keys() == {"counts", "total", "mine"}
    assert list(body["counts"]) == KINDS
    return {kind: n for kind, n in body["counts"].items() if n}, body["total"], body["mine"]


@pytest.fixture(params=TARGETS)
async def target(request: pytest.FixtureRequest, services: Services, admin: User) -> Target:
    """A noun and an id."""
    return request.param, await make_target(services, request.param, admin)


@pytest.fixture
async def like(services: Services, admin: User) -> str:
    """Where to like a post."""
    return reactions_of("posts", await make_target(services, "posts", admin), "like")


class TestRead:
    async def test_shows_every_kind_to_anyone(self, client: AsyncClient, target: Target) -> None:
        answer = await client.get(reactions_of(*target))
        assert answer.json() == {"counts": NONE, "total": 0, "mine": []}

    async def test_takes_a_slug(self, client: AsyncClient, services: Services, admin: User) -> None:
        await make(services, "projects", admin, "A bridge")
        assert (await client.get(reactions_of("projects", "a-bridge"))).status_code == 200

    @pytest.mark.parametrize("noun", NOUNS)
    @pytest.mark.parametrize("how", HIDDEN)
    @pytest.mark.requirement("38")
    async def test_hides_what_is_not_public(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        services: Services,
        admin: User,
        noun: str,
        how: str,
    ) -> None:
        hidden = await make_hidden(services, noun, admin, how)
        remark = await make_remark(services.database, noun, hidden.id)
        places: list[Target] = [(noun, hidden.id), ("comments", remark)]
        for place in places:
            assert (await client.get(reactions_of(*place))).status_code == 404
            for asking in (client, user_client):
                assert (await asking.put(reactions_of(*place, "like"))).status_code == 404
                assert (await asking.delete(reactions_of(*place, "like"))).status_code == 404
        assert await count_reactions(services.database) == 0

    @pytest.mark.parametrize(
        "state",
        [
            *({"status": status} for status in CommentStatus if status != "approved"),
            {"deleted_at": LONG_AGO, "replies_count": 1},
        ],
        ids=["pending", "rejected", "spam", "stone"],
    )
    @pytest.mark.requirement("38")
    async def test_hides_comments_without_words(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        state: dict[str, Any],
    ) -> None:
        post = await make(services, "posts", admin)
        remark = await make_remark(services.database, "posts", post.id, **state)
        for asking in (client, admin_client):
            assert (await asking.get(reactions_of("comments", remark))).status_code == 404
            answer = await asking.put(reactions_of("comments", remark, "like"))
            assert answer.status_code == 404

    @pytest.mark.parametrize("ref", ["7", "no-such", "999999999999999999999"])
    @pytest.mark.parametrize("noun", TARGETS)
    async def test_knows_what_is_not_there(self, client: AsyncClient, noun: str, ref: str) -> None:
        assert (await client.get(reactions_of(noun, ref))).status_code == 404


class TestReact:
    async def test_counts_once_however_often(
        self, user_client: AsyncClient, client: AsyncClient, database: Database, target: Target
    ) -> None:
        for _ in range(2):
            answer = await user_client.put(reactions_of(*target, "love"))
            assert shown(answer) == ({"love": 1}, 1, ["love"])
        assert shown(await client.get(reactions_of(*target))) == ({"love": 1}, 1, [])
        assert shown(await user_client.get(reactions_of(*target))) == ({"love": 1}, 1, ["love"])
        assert await count_reactions(database) == 1

    async def test_counts_each_kind_and_each_person(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        database: Database,
        target: Target,
    ) -> None:
        for asking, kind in ((admin_client, "like"), (client, "like"), (user_client, "celebrate")):
            await asking.put(reactions_of(*target, kind))
        answer = await user_client.put(reactions_of(*target, "like"))
        assert shown(answer) == ({"like": 3, "celebrate": 1}, 4, ["like", "celebrate"])
        assert await count_reactions(database) == 4

    async def test_is_seen_in_the_counts_of_the_post(
        self, app: FastAPI, client: AsyncClient, like: str
    ) -> None:
        page = like.removesuffix("/reactions/like")
        before = (await client.get(page)).json()
        await client.put(like)
        async with make_client(app) as another:
            after = (await another.get(page)).json()
            (card,) = (await another.get(f"{page.rpartition('/')[0]}")).json()["items"]
        assert [each["counts"]["reactions"] for each in (before, after, card)] == [0, 1, 1]
        assert after["updated_at"] == before["updated_at"]

    async def test_names_the_kinds_there_are(self, client: AsyncClient, target: Target) -> None:
        for method in ("PUT", "DELETE"):
            answer = await client.request(method, reactions_of(*target, "hate"))
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["field"] == "kind"
            assert ", ".join(KINDS) in answer.json()["detail"]
        assert "set-cookie" not in answer.headers

    async def test_needs_no_open_comments(
        self, client: AsyncClient, services: Services, admin: User
    ) -> None:
        post = await make(services, "posts", admin, comments_enabled=False)
        assert (await client.put(reactions_of("posts", post.id, "like"))).status_code == 200

    async def test_leaves_the_version_of_a_post(
        self, admin_client: AsyncClient, user_client: AsyncClient, like: str
    ) -> None:
        page = like.removesuffix("/reactions/like")
        tag = (await admin_client.get(page)).headers["ETag"]
        await user_client.put(like)
        headers = {"If-Match": tag}
        answer = await admin_client.patch(page, json={"title": "New"}, headers=headers)
        assert answer.status_code == 200

    async def test_is_for_people(
        self, app: FastAPI, services: Services, admin: User, like: str
    ) -> None:
        async with make_client(app, await make_api_token(services, admin)) as script:
            for method in ("PUT", "DELETE"):
                answer = await script.request(method, like)
                assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")

    @pytest.mark.parametrize("noun", ["posts", "comments"])
    async def test_takes_few_statements(
        self,
        user_client: AsyncClient,
        services: Services,
        admin: User,
        count_queries: list[str],
        noun: str,
    ) -> None:
        like = reactions_of(noun, await make_target(services, noun, admin), "like")
        count_queries.clear()
        await user_client.get("/api/v1/me")
        identity = len(count_queries)
        for method, wanted in (("PUT", 7), ("PUT", 3), ("DELETE", 7), ("DELETE", 3)):
            count_queries.clear()
            await user_client.request(method, like)
            assert len(count_queries) - identity <= wanted, (method, count_queries)


class TestWithdraw:
    async def test_takes_back_ones_own(
        self, client: AsyncClient, user_client: AsyncClient, database: Database, target: Target
    ) -> None:
        for asking in (client, user_client):
            await asking.put(reactions_of(*target, "like"))
        await client.put(reactions_of(*target, "love"))
        for _ in range(2):
            answer = await client.delete(reactions_of(*target, "like"))
            assert shown(answer) == ({"like": 1, "love": 1}, 2, ["love"])
        assert await count_reactions(database) == 2

    async def test_changes_nothing_for_who_gave_none(
        self, client: AsyncClient, user_client: AsyncClient, database: Database, like: str
    ) -> None:
        await user_client.put(like)
        answer = await client.delete(like)
        assert shown(answer) == ({"like": 1}, 1, [])
        assert "set-cookie" not in answer.headers
        assert await count_reactions(database) == 1

    async def test_can_come_back(self, user_client: AsyncClient, like: str) -> None:
        for _ in range(2):
            await user_client.put(like)
            assert shown(await user_client.delete(like)) == ({}, 0, [])
        assert shown(await user_client.put(like)) == ({"like": 1}, 1, ["like"])


class TestFormerKind:
    """One that was offered once."""

    @pytest.fixture
    async def like(self, database: Database, user: User, like: str) -> str:
        post = int(like.split("/")[4])
        key = {"target_type": "posts", "target_id": post, "kind": "wow"}
        async with database.transaction() as db:
            person = {"person": f"user:{user.id}", "user_id": user.id}
            await db.execute(insert(Reaction).values(**key, **person))
            await db.execute(insert(ReactionTally).values(**key, count=1))
            await db.execute(update(BlogPost).values(reactions_count=1))
        return like

    async def test_is_in_the_total_alone(self, user_client: AsyncClient, like: str) -> None:
        assert shown(await user_client.put(like)) == ({"like": 1}, 2, ["like"])

    async def test_can_be_taken_back_by_who_gave_it(
        self, user_client: AsyncClient, admin_client: AsyncClient, database: Database, like: str
    ) -> None:
        wow = like.replace("like", "wow")
        assert (await user_client.put(wow)).status_code == 422
        assert (await admin_client.delete(wow)).status_code == 422
        assert shown(await user_client.delete(wow)) == ({}, 0, [])
        assert await count_reactions(database) == 0


async def told(database: Database) -> list[LiveEvent]:
    async with database.reading() as db:
        of_reactions = LiveEvent.type == LiveType.REACTIONS_CHANGED
        return list(await db.scalars(select(LiveEvent).where(of_reactions).order_by(LiveEvent.id)))


class TestLivePages:
    async def test_are_told_of_changes_alone(
        self, user_client: AsyncClient, database: Database, target: Target
    ) -> None:
        for method in ("PUT", "PUT", "DELETE", "DELETE"):
            await user_client.request(method, reactions_of(*target, "like"))
        events = await told(database)
        assert {event.audience for event in events} == {Audience.EVERYONE}
        noun, row_id = target
        said = {"target_type": noun, "target_id": row_id}
        assert [event.data for event in events] == [
            {**said, "counts": {**NONE, "like": 1}, "total": 1},
            {**said, "counts": NONE, "total": 0},
        ]

    async def test_of_comments_are_those_of_the_post(
        self, user_client: AsyncClient, services: Services, admin: User
    ) -> None:
        remark = await make_target(services, "comments", admin)
        await user_client.put(reactions_of("comments", remark, "like"))
        async with services.database.reading() as db:
            post = await db.scalar(select(Comment.entity_id))
        (event,) = await told(services.database)
        assert event.topic == f"posts:{post}"

    async def test_of_drafts_are_those_of_moderators(
        self, admin_client: AsyncClient, services: Services, admin: User
    ) -> None:
        draft = await make_hidden(services, "posts", admin, "draft")
        answer = await admin_client.put(reactions_of("posts", draft.id, "like"))
        assert answer.status_code == 200
        (event,) = await told(services.database)
        assert event.audience is Audience.MODERATORS
