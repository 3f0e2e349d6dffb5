"""Many at once, and what they react to is deleted meanwhile: the books stay right."""

import asyncio
from itertools import cycle, islice

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select
from tests.factories.clients import make_client
from tests.factories.posts import make_post, make_posts
from tests.factories.reactions import API, count_reactions, make_remark, reactions_of

from portfolio.core.config import ReactionSettings
from portfolio.models.comments import Comment
from portfolio.models.users import User
from portfolio.wiring import Services

KINDS = ReactionSettings.model_construct().kinds
CROWD, TOGGLES, BURST = 200, 100, 10


@pytest.fixture
def crowd(services: Services) -> list[dict[str, str]]:
    """The headers of as many guests."""
    tokens = [services.guests.issue(f"guest-{number}") for number in range(CROWD)]
    return [{"Cookie": f"portfolio_guest={token}"} for token in tokens]


@pytest.mark.requirement("96")
class TestCrowd:
    @pytest.mark.parametrize(("noun", "number"), [("posts", CROWD), ("comments", CROWD // 4)])
    async def test_is_counted_to_the_last_one(
        self,
        app: FastAPI,
        services: Services,
        admin: User,
        crowd: list[dict[str, str]],
        noun: str,
        number: int,
    ) -> None:
        post = await make_post(services, admin)
        place = ("posts", post.id)
        if noun == "comments":
            place = ("comments", await make_remark(services.database, "posts", post.id))
        async with make_client(app) as client:
            likes = [
                client.put(reactions_of(*place, "like"), headers=each) for each in crowd[:number]
            ]
            answers = await asyncio.gather(*likes)
            assert {answer.status_code for answer in answers} == {200}
            # Nobody saw a number that anybody else saw.
            assert {answer.json()["total"] for answer in answers} == {*range(1, number + 1)}
            shown = (await client.get(reactions_of(*place))).json()
        assert (shown["counts"]["like"], shown["total"]) == (number, number)
        assert await count_reactions(services.database) == number

    async def test_may_be_one_person(
        self, user_client: AsyncClient, services: Services, admin: User
    ) -> None:
        like = reactions_of("posts", (await make_post(services, admin)).id, "like")
        methods = islice(cycle(("PUT", "DELETE", "PUT")), TOGGLES)
        bursts = [list(burst) for burst in zip(*[methods] * BURST, strict=True)]
        for burst in bursts:
            answers = await asyncio.gather(*(user_client.request(each, like) for each in burst))
            assert {answer.status_code for answer in answers} == {200}
            assert {answer.json()["total"] for answer in answers} <= {0, 1}
            assert await count_reactions(services.database) in {0, 1}
        for method, total in (("PUT", 1), ("DELETE", 0)):
            answer = await user_client.request(method, like)
            assert (answer.json()["total"], answer.json()["mine"]) == (total, ["like"][:total])
            assert await count_reactions(services.database) == total


@pytest.mark.requirement("101")
class TestDeletion:
    async def test_of_the_post_leaves_nothing_behind(
        self,
        client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        crowd: list[dict[str, str]],
    ) -> None:
        post = await make_post(services, admin)
        stays = await make_post(services, admin, "stays")
        remark = await make_remark(services.database, "posts", post.id)
        await make_remark(services.database, "posts", post.id, parent_id=remark, thread_id=remark)
        places = [("posts", post.id), ("comments", remark), ("posts", stays.id)]

        async def delete() -> list[int]:
            path = f"{API}/posts/{post.id}"
            # Admins see what is in the bin, and may react to it until it is gone.
            return [
                (await admin_client.delete(path)).status_code,
                (await admin_client.delete(f"{path}?permanent=true")).status_code,
            ]

        async def react(asking: AsyncClient, headers: dict[str, str]) -> set[int]:
            likes = [reactions_of(*place, kind) for kind in KINDS for place in places]
            return {(await asking.put(like, headers=headers)).status_code for like in likes}

        async def talk() -> set[int]:
            path, bodies = f"{API}/posts/{post.id}/comments", [f"No. {n}" for n in range(10)]
            said = [await admin_client.post(path, json={"body": body}) for body in bodies]
            return {answer.status_code for answer in said}

        people = [(client, each) for each in crowd[:8]] + [(admin_client, {})]
        reacting = [react(*each) for each in people]
        seen, said, deleted = await asyncio.gather(asyncio.gather(*reacting), talk(), delete())
        assert deleted == [204, 204]
        assert set[int]().union(*seen) == {200, 404}
        assert said <= {201, 404}
        async with services.database.reading() as db:
            assert await db.scalar(select(Comment.id).where(Comment.entity_id == post.id)) is None
        found = (await client.get(reactions_of("posts", stays.id))).json()
        assert (
            await count_reactions(services.database) == found["total"] == len(people) * len(KINDS)
        )

    async def test_of_the_account_leaves_the_counts_right(
        self, user_client: AsyncClient, client: AsyncClient, services: Services, admin: User
    ) -> None:
        posts = await make_posts(services, admin, 6)
        places = [("posts", post.id) for post in posts]
        places += [
            ("comments", await make_remark(services.database, "posts", post.id)) for post in posts
        ]
        for place in places:
            await client.put(reactions_of(*place, "like"))
        for place in places[::2]:
            for kind in KINDS[:2]:
                await user_client.put(reactions_of(*place, kind))
        given = len(places) + len(places[::2]) * 2
        assert await count_reactions(services.database) == given
        acts = [user_client.put(reactions_of(*place, "like")) for place in places * 2]
        acts += [
            user_client.post(f"{API}/posts/{post.id}/comments", json={"body": f"On {post.id}"})
            for post in posts
        ]
        acts.insert(len(acts) // 2, user_client.delete(f"{API}/me"))
        answers = await asyncio.gather(*acts)
        assert 204 in {answer.status_code for answer in answers}
        assert {answer.status_code for answer in answers} <= {200, 201, 202, 204, 401, 404, 409}
        assert await count_reactions(services.database) == len(places)
