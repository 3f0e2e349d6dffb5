"""Answers, answers to answers, and what stays of them when something between them goes."""

import asyncio

import pytest
from httpx2 import AsyncClient
from tests.factories.comments import (
    API,
    counts_hold,
    decide,
    events,
    listed,
    rows,
    said,
    say,
    set_rules,
    tree,
)
from tests.factories.posts import make_post

from portfolio.db.repositories import comments, threads
from portfolio.db.session import Database
from portfolio.models.projections import PostDetail
from portfolio.models.users import User
from portfolio.schemas.moderation import ModerationAction
from portfolio.wiring import Services


@pytest.fixture
async def post(services: Services, admin: User, monkeypatch: pytest.MonkeyPatch) -> PostDetail:
    """Whoever comments on it, nobody waits."""
    set_rules(services, monkeypatch, moderation="none")
    return await make_post(services, admin, "About boats")


async def chain(client: AsyncClient, post: PostDetail, length: int) -> list[int]:
    """So many, each an answer to the one before."""
    ids: list[int] = []
    for _ in range(length):
        made = await said(client, post, parent_id=ids[-1] if ids else None)
        ids.append(made["id"])
    return ids


class TestAnswers:
    async def test_stand_below_what_they_answer(
        self, client: AsyncClient, user_client: AsyncClient, post: PostDetail, database: Database
    ) -> None:
        top, first, deep = await chain(user_client, post, 3)
        second = (await said(user_client, post, parent_id=top))["id"]
        other = (await said(user_client, post))["id"]
        page = await listed(client, post)
        assert tree(page["items"]) == [
            (top, [(first, [(deep, [])]), (second, [])]),
            (other, []),
        ]
        assert (page["total"], page["comments_count"]) == (2, 5)
        lowest = page["items"][0]["replies"][0]["replies"][0]
        assert (lowest["thread_id"], lowest["parent_id"], lowest["depth"]) == (top, first, 2)
        assert [item["replies_count"] for item in page["items"]] == [2, 0]
        newest = await listed(client, post, "?sort=-created_at")
        assert [item["id"] for item in newest["items"]] == [other, top]
        assert await counts_hold(database)

    async def test_to_the_last_level_join_it(
        self,
        user_client: AsyncClient,
        post: PostDetail,
        services: Services,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_rules(services, monkeypatch, max_depth=2)
        top, first, second, third = await chain(user_client, post, 4)
        page = await listed(user_client, post)
        assert tree(page["items"]) == [(top, [(first, [(second, []), (third, [])])])]
        set_rules(services, monkeypatch, max_depth=0)
        flat = await said(user_client, post, parent_id=third)
        assert (flat["parent_id"], flat["depth"]) == (None, 0)

    async def test_need_something_that_can_be_answered(
        self,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        post: PostDetail,
    ) -> None:
        elsewhere = await said(user_client, await make_post(services, admin, "Another"))
        top, answer = await chain(user_client, post, 2)
        await admin_client.delete(f"{API}/comments/{top}")
        hidden = (await said(user_client, post))["id"]
        await decide(services, ModerationAction.REJECT, hidden)
        for parent_id in (2**63 - 1, elsewhere["id"], top, hidden):
            refused = await say(user_client, post, parent_id=parent_id)
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["field"] == "parent_id"
        assert (await say(user_client, post, parent_id=answer)).status_code == 201

    async def test_are_listed_page_by_page(
        self,
        user_client: AsyncClient,
        client: AsyncClient,
        services: Services,
        admin: User,
        post: PostDetail,
    ) -> None:
        tops = [(await said(user_client, post))["id"] for _ in range(3)]
        answers = [(await said(user_client, post, parent_id=tops[1]))["id"] for _ in range(3)]
        first = await listed(client, post, "?limit=2")
        rest = await listed(client, post, f"?limit=2&cursor={first['next_cursor']}")
        found = [item["id"] for page in (first, rest) for item in page["items"]]
        assert (found, first["total"], rest["total"]) == (tops, 3, None)
        below = await listed(client, post, f"?parent_id={tops[1]}&page=2&limit=2")
        assert ([item["id"] for item in below["items"]], below["total"]) == (answers[2:], 3)
        elsewhere = await make_post(services, admin, "Another")
        assert (await listed(client, elsewhere, f"?parent_id={tops[1]}"))["items"] == []
        single = (await client.get(f"{API}/comments/{tops[1]}")).json()
        assert [item["id"] for item in single["replies"]] == answers

    async def test_end_where_there_are_too_many(
        self,
        user_client: AsyncClient,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        top, first, second = await chain(user_client, post, 3)
        await said(user_client, post, parent_id=top)
        monkeypatch.setattr(threads, "MOST_REPLIES", 2)
        (shown,) = (await listed(user_client, post))["items"]
        assert tree([shown]) == [(top, [(first, [(second, [])])])]
        assert shown["replies_count"] == 2

    async def test_take_as_many_statements_as_there_are_few_or_many(
        self,
        user_client: AsyncClient,
        client: AsyncClient,
        post: PostDetail,
        count_queries: list[str],
    ) -> None:
        numbers = []
        for length in (1, 4):
            await chain(user_client, post, length)
            count_queries.clear()
            await listed(client, post)
            numbers.append(len(count_queries))
        assert numbers == [5, 5]


class TestStones:
    async def test_stay_where_answers_are_shown(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        database: Database,
        post: PostDetail,
    ) -> None:
        top = (await said(user_client, post, "Secret words"))["id"]
        answer = (await said(admin_client, post, parent_id=top))["id"]
        assert (await user_client.delete(f"{API}/comments/{top}")).status_code == 204
        (stone,) = (await listed(client, post))["items"]
        assert stone["deleted"] is True
        assert (stone["body"], stone["html"], stone["author"]) == ("", "", None)
        assert tree([stone]) == [(top, [(answer, [])])]
        assert (await listed(client, post))["comments_count"] == 1
        for method in ("PATCH", "DELETE"):
            again = await user_client.request(method, f"{API}/comments/{top}", json={"body": "x"})
            assert again.status_code in {404, 422}
        kept = (await rows(database))[0]
        assert (kept.author_id, kept.body, kept.client, kept.agent) == (None, "", None, None)
        assert await counts_hold(database)

    async def test_go_with_the_last_answer(
        self, admin_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        top, first, second, third = await chain(admin_client, post, 4)
        for gone, left in ((first, 4), (second, 4), (third, 1)):
            await admin_client.delete(f"{API}/comments/{gone}")
            assert len(await rows(database)) == left
            assert await counts_hold(database)
        assert [row.id for row in await rows(database)] == [top]
        # Who has the page open hears of each of them, once as it became a stone and once it went.
        told = [
            (event.data["id"], event.data["stone"])
            for event in await events(database)
            if event.type == "comment.deleted"
        ]
        assert told == [
            (first, True),
            (second, True),
            (third, False),
            (second, False),
            (first, False),
        ]

    async def test_stay_unseen_while_an_answer_waits(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        database: Database,
        post: PostDetail,
    ) -> None:
        top = (await said(admin_client, post))["id"]
        waiting = (await say(user_client, post, parent_id=top, subtitle="x")).json()["id"]
        await admin_client.delete(f"{API}/comments/{top}")
        assert (await client.get(f"{API}/comments/{top}")).status_code == 404
        assert (await listed(client, post))["items"] == []
        await decide(services, ModerationAction.APPROVE, waiting)
        assert tree((await listed(client, post))["items"]) == [(top, [(waiting, [])])]
        await decide(services, ModerationAction.SPAM, waiting)
        assert (await listed(client, post))["items"] == []
        await admin_client.delete(f"{API}/comments/{waiting}")
        assert await rows(database) == []

    async def test_are_all_that_is_seen_of_what_was_rejected(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        services: Services,
        database: Database,
        post: PostDetail,
    ) -> None:
        top, middle, low = await chain(user_client, post, 3)
        await decide(services, ModerationAction.REJECT, middle)
        (shown,) = (await listed(client, post))["items"]
        assert tree([shown]) == [(top, [(middle, [(low, [])])])]
        hidden = shown["replies"][0]
        assert (hidden["deleted"], hidden["body"], hidden["author"]) == (True, "", None)
        assert hidden["status"] == "approved"
        await decide(services, ModerationAction.REJECT, low)
        assert tree((await listed(client, post))["items"]) == [(top, [])]
        assert await counts_hold(database)
        await decide(services, ModerationAction.APPROVE, low)
        assert tree((await listed(client, post))["items"]) == [(top, [(middle, [(low, [])])])]
        assert (await listed(client, post))["comments_count"] == 2
        assert await counts_hold(database)


class TestErasure:
    async def test_takes_all_that_an_account_said(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        database: Database,
        post: PostDetail,
    ) -> None:
        top = (await said(user_client, post))["id"]
        answer = (await said(admin_client, post, parent_id=top))["id"]
        await said(user_client, post, parent_id=answer)
        await chain(user_client, post, 2)
        assert (await user_client.delete(f"{API}/me")).status_code == 204
        assert tree((await listed(client, post))["items"]) == [(top, [(answer, [])])]
        assert [row.author_id is None for row in await rows(database)] == [True, False]
        assert await counts_hold(database)

    async def test_of_many_lets_others_in_meanwhile(
        self,
        user_client: AsyncClient,
        user: User,
        services: Services,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(comments, "AT_ONCE", 2)
        top = (await said(user_client, post))["id"]
        for _ in range(4):
            await said(user_client, post, parent_id=top)
        turns = 0

        async def go_round() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        async with services.database.transaction() as db:
            others = asyncio.create_task(go_round())
            await services.comments.erase(db, user.id)
            others.cancel()
        assert turns >= 4
        assert await rows(services.database) == []
        assert await counts_hold(services.database)

    async def test_is_preceded_by_what_one_can_take_along(
        self, user_client: AsyncClient, post: PostDetail
    ) -> None:
        made = await said(user_client, post, "Take me along")
        parts = (await user_client.post(f"{API}/me/export")).json()["parts"]
        (comment,) = parts["comments"]
        assert (comment["id"], comment["body"]) == (made["id"], "Take me along")
        assert "reasons" not in comment
