"""What moderators see of comments, and decide about them."""

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from tests.factories.api_tokens import make_api_token
from tests.factories.audit import trail
from tests.factories.clients import make_client
from tests.factories.comments import counts_hold
from tests.factories.posts import make_post
from tests.factories.projects import make_project
from tests.factories.spam import PILLS, PRAISE, comment_row, learned, store
from tests.factories.users import bearing, grow_stale, make_access_token, make_user

from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentReport, CommentStatus
from portfolio.models.credentials import Scope
from portfolio.models.entities import EntityType
from portfolio.models.live import LiveEvent, LiveType
from portfolio.models.posts import BlogPost
from portfolio.models.projections import PostDetail
from portfolio.models.spam import EVERY_TEXT, Reason
from portfolio.models.users import Role, User
from portfolio.wiring import Services

URL = "/api/v1/comments"
DECIDE = f"{URL}/moderate"


@pytest.fixture
async def post(services: Services, admin: User) -> PostDetail:
    return await make_post(services, admin, "About boats")


async def make_comments(
    database: Database, post: PostDetail, number: int = 1, **fields: Any
) -> list[Comment]:
    """Pending, unless a status is given; each says something else."""
    rows = [
        comment_row(f"{PRAISE}, {index}", **{"entity_id": post.id, **fields})
        for index in range(number)
    ]
    await store(database, *rows)
    return rows


async def decide(
    client: httpx2.AsyncClient, action: str, *comments: Comment | int
) -> dict[str, list[int]]:
    ids = [comment if isinstance(comment, int) else comment.id for comment in comments]
    answer = await client.post(DECIDE, json={"ids": ids, "action": action})
    assert answer.status_code == 200, answer.text
    decided: dict[str, list[int]] = answer.json()
    return decided


async def shown(client: httpx2.AsyncClient, post: PostDetail) -> list[str]:
    answer = await client.get(f"/api/v1/posts/{post.id}/comments")
    return [item["body"] for item in answer.json()["items"]]


async def counted(database: Database, post: PostDetail) -> tuple[int, int]:
    """What the post says, and what there is."""
    async with database.reading() as db:
        said = await db.scalar(select(BlogPost.comments_count).where(BlogPost.id == post.id))
        there = await db.scalar(
            select(func.count(Comment.id)).where(Comment.status == CommentStatus.APPROVED)
        )
        return said or 0, there or 0


class TestListCommentsToModerate:
    async def test_is_for_moderators(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        services: Services,
        admin: User,
    ) -> None:
        assert (await client.get(URL)).status_code == 401
        assert (await user_client.get(URL)).status_code == 403
        for scope, status in ((Scope.COMMENTS_MODERATE, 200), (Scope.CONTENT_READ, 403)):
            token = await make_api_token(services, admin, scope)
            assert (await client.get(URL, headers=bearing(token))).status_code == status

    async def test_tells_moderators_all_that_is_known(
        self, admin_client: httpx2.AsyncClient, database: Database, post: PostDetail
    ) -> None:
        (comment,) = await make_comments(
            database,
            post,
            guest_website="https://pills.example/",
            client="192.0.2.7",
            agent="Firefox",
            reasons=[Reason.LINKS.value, Reason.WORDS.value],
            spam_score=0.75,
        )
        answer = await admin_client.get(URL)
        assert answer.headers["Cache-Control"] == "private, no-store"
        (item,) = answer.json()["items"]
        assert item["id"] == comment.id
        assert item["body"] == comment.body
        assert item["html"] == comment.html
        assert item["status"] == "pending"
        assert item["author"]["name"] == "Somebody"
        assert item["author"]["website"] == "https://pills.example/"
        assert item["email"] == "somebody@example.org"
        assert item["confirmed"] is False
        assert (item["client"], item["agent"]) == ("192.0.2.7", "Firefox")
        assert item["reasons"] == [
            {"code": "links", "text": Reason.LINKS.text},
            {"code": "words", "text": Reason.WORDS.text},
        ]
        assert item["spam_score"] == 0.75
        assert item["reports"] == []
        assert item["entity"] == {
            "type": "posts",
            "id": post.id,
            "slug": "about-boats",
            "title": "About boats",
        }

    async def test_finds_them_by_what_they_are_about(
        self, admin_client: httpx2.AsyncClient, database: Database, services: Services, admin: User
    ) -> None:
        first, second = [await make_post(services, admin, name) for name in ("First", "Second")]
        project = await make_project(services, admin, "Third")
        await make_comments(database, first)
        await make_comments(database, second, status=CommentStatus.SPAM)
        await make_comments(database, first, status=CommentStatus.SPAM, reports_count=1)
        await store(
            database,
            comment_row("On a project", entity_type=EntityType.PROJECTS, entity_id=project.id),
        )
        for query, expected in (
            ("", ["Third", "First"]),
            ("?target=posts", ["First"]),
            ("?target=projects&ref=third", ["Third"]),
            ("?status=spam", ["First", "Second"]),
            (f"?status=spam&target=posts&ref={second.id}", ["Second"]),
            ("?status=spam&reported=true", ["First"]),
            ("?status=spam&reported=false", ["Second"]),
            ("?status=approved", []),
        ):
            answer = await admin_client.get(URL + query)
            found = [item["entity"]["title"] for item in answer.json()["items"]]
            assert found == expected, query
        assert (await admin_client.get(f"{URL}?target=posts&ref=fourth")).status_code == 404

    @pytest.mark.parametrize(
        "query", ["status=binned", "ref=first", "target=profiles", "sort=body"]
    )
    async def test_refuses_what_it_does_not_know(
        self, admin_client: httpx2.AsyncClient, query: str
    ) -> None:
        assert (await admin_client.get(f"{URL}?{query}")).status_code == 422

    async def test_goes_on_by_cursor(
        self, admin_client: httpx2.AsyncClient, database: Database, post: PostDetail
    ) -> None:
        rows = await make_comments(database, post, 3)
        found = []
        query = "?limit=1"
        for _ in rows:
            answer = (await admin_client.get(URL + query)).json()
            found += [item["id"] for item in answer["items"]]
            query = f"?limit=1&cursor={answer['next_cursor']}"
        assert answer["next_cursor"] is None
        assert found == [row.id for row in reversed(rows)]

    async def test_takes_as_many_statements_for_many(
        self,
        admin_client: httpx2.AsyncClient,
        database: Database,
        services: Services,
        admin: User,
        post: PostDetail,
        count_queries: list[str],
    ) -> None:
        other = await make_post(services, admin, "Another")
        numbers = []
        for number in (1, 10):
            for place in (post, other):
                rows = await make_comments(
                    database, place, number, author_id=admin.id, reports_count=1
                )
                await store(
                    database, *[CommentReport(comment_id=row.id, person="user:1") for row in rows]
                )
            count_queries.clear()
            answer = await admin_client.get(URL)
            assert all(item["reports"] for item in answer.json()["items"])
            numbers.append(len(count_queries))
        assert numbers[0] == numbers[1] < 10


class TestModerateComments:
    @pytest.mark.requirement("41")
    async def test_is_for_moderators_who_proved_lately_who_they_are(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        services: Services,
        admin: User,
        post: PostDetail,
    ) -> None:
        (comment,) = await make_comments(services.database, post)
        await grow_stale(services.database)
        for row_id in (comment.id, comment.id + 1000):
            body = {"ids": [row_id], "action": "approve"}
            assert (await client.post(DECIDE, json=body)).status_code == 401
            assert (await user_client.post(DECIDE, json=body)).status_code == 403
            answer = await admin_client.post(DECIDE, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "reauth_required")
            for scope, status in ((Scope.CONTENT_WRITE, 403), (Scope.COMMENTS_MODERATE, 200)):
                token = await make_api_token(services, admin, scope)
                answer = await client.post(DECIDE, json=body, headers=bearing(token))
                assert answer.status_code == status

    async def test_shows_and_hides_at_once(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        database: Database,
        post: PostDetail,
    ) -> None:
        (comment,) = await make_comments(database, post, reasons=["links"])
        expected = [("approve", [comment.body]), ("spam", []), ("approve", [comment.body])]
        expected += [("reject", []), ("approve", [comment.body]), ("delete", [])]
        for action, bodies in expected:
            decided = await decide(admin_client, action, comment)
            assert decided == {"changed": [comment.id], "unchanged": [], "missing": []}
            assert await shown(client, post) == bodies, action
            answer = await client.get(f"/api/v1/posts/{post.id}")
            assert answer.json()["counts"]["comments"] == len(bodies)
        async with database.reading() as db:
            assert await db.get(Comment, comment.id) is None

    async def test_says_what_became_of_each(
        self, admin_client: httpx2.AsyncClient, database: Database, post: PostDetail
    ) -> None:
        first, second, third = await make_comments(database, post, 3)
        await decide(admin_client, "approve", second)
        await decide(admin_client, "delete", third)
        decided = await decide(admin_client, "approve", third, second, first, first, 2**62)
        assert decided == {
            "changed": [first.id],
            "unchanged": [second.id],
            "missing": [third.id, 2**62],
        }
        again = await decide(admin_client, "approve", second, first)
        assert again == {"changed": [], "unchanged": [first.id, second.id], "missing": []}
        assert await counted(database, post) == (2, 2)

    async def test_deletes_whole_threads(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        database: Database,
        post: PostDetail,
    ) -> None:
        (top,) = await make_comments(database, post)
        (answer,) = await make_comments(database, post, parent_id=top.id, thread_id=top.id, depth=1)
        await decide(admin_client, "approve", top, answer)
        assert (await decide(admin_client, "delete", top))["changed"] == [top.id]
        # A stone is nothing that could be decided about.
        assert (await decide(admin_client, "approve", top))["missing"] == [top.id]
        assert (await admin_client.get(f"{URL}?status=approved")).json()["total"] == 1
        await decide(admin_client, "delete", top, answer)
        assert await shown(client, post) == []
        assert await counted(database, post) == (0, 0)

    async def test_teaches_the_filter_what_is_spam_and_what_is_not(
        self, admin_client: httpx2.AsyncClient, database: Database, post: PostDetail
    ) -> None:
        first, second, third = await make_comments(database, post, 3)
        totals = []
        for action, comment in (
            ("approve", first),
            ("approve", first),
            ("spam", second),
            ("spam", second),
            ("reject", third),
            ("reject", second),
            ("spam", first),
            ("delete", second),
        ):
            await decide(admin_client, action, comment)
            totals.append((await learned(database)).get(EVERY_TEXT))
        assert totals == [(0, 1)] * 2 + [(1, 1)] * 4 + [(2, 0)] * 2

    async def test_leaves_a_trace_of_each_change(
        self, admin_client: httpx2.AsyncClient, database: Database, admin: User, post: PostDetail
    ) -> None:
        (comment,) = await make_comments(database, post)
        for action in ("approve", "approve", "spam", "reject", "delete"):
            await decide(admin_client, action, comment)
        entries = [entry for entry in await trail(database) if entry.target_type == "comment"]
        assert [entry.action for entry in entries] == [
            "comment:approved",
            "comment:marked_spam",
            "comment:rejected",
            "comment:deleted",
        ]
        assert {(entry.actor_id, entry.target_id) for entry in entries} == {(admin.id, comment.id)}
        assert entries[0].changes == {
            "before": {"status": "pending"},
            "after": {"status": "approved"},
        }
        assert PRAISE not in str([entry.changes for entry in entries])

    async def test_tells_who_has_the_page_open(
        self, admin_client: httpx2.AsyncClient, database: Database, post: PostDetail
    ) -> None:
        (comment,) = await make_comments(database, post)
        for action in ("approve", "approve", "reject"):
            await decide(admin_client, action, comment)
        async with database.reading() as db:
            about = select(LiveEvent).where(LiveEvent.topic == f"posts:{post.id}")
            events = list(await db.scalars(about.order_by(LiveEvent.id)))
        assert [event.type for event in events] == [
            LiveType.COMMENT_CREATED,
            LiveType.COMMENT_DELETED,
        ]
        assert "somebody@example.org" not in str([event.data for event in events])

    async def test_approves_what_a_guest_has_not_confirmed(
        self, admin_client: httpx2.AsyncClient, database: Database, post: PostDetail
    ) -> None:
        (comment,) = await make_comments(database, post)
        await decide(admin_client, "approve", comment)
        (item,) = (await admin_client.get(f"{URL}?status=approved")).json()["items"]
        assert (item["confirmed"], item["reasons"]) == (False, [])

    @pytest.mark.parametrize(
        "body",
        [
            {"ids": [], "action": "approve"},
            {"ids": list(range(1, 102)), "action": "approve"},
            {"ids": [0], "action": "approve"},
            {"ids": [1], "action": "ban"},
            {"ids": [1], "action": "approve", "status": "approved"},
        ],
    )
    async def test_refuses_what_it_does_not_know(
        self, admin_client: httpx2.AsyncClient, body: dict[str, Any]
    ) -> None:
        assert (await admin_client.post(DECIDE, json=body)).status_code == 422

    async def test_keeps_counts_exact_when_two_decide_in_opposite_ways(
        self, app: FastAPI, services: Services, admin_client: httpx2.AsyncClient, post: PostDetail
    ) -> None:
        database = services.database
        second = await make_user(services, "second", Role.ADMIN)
        other = await make_post(services, second, "Another")
        rows = [*await make_comments(database, post, 10), *await make_comments(database, other, 10)]
        mixed = rows[::2] + rows[1::2]
        async with make_client(app, await make_access_token(services, second)) as other_client:
            await asyncio.gather(
                *[
                    decide(admin_client, "approve", *rows[start : start + 5])
                    for start in range(0, 20, 5)
                ],
                *[
                    decide(other_client, "spam", *mixed[start : start + 4])
                    for start in range(0, 20, 4)
                ],
            )
        assert await counts_hold(database)
        async with database.reading() as db:
            kinds = (await db.execute(select(Comment.status, Comment.learned_as))).all()
        assert {tuple(kind) for kind in kinds} <= {
            (CommentStatus.APPROVED, False),
            (CommentStatus.SPAM, True),
        }
        ham = sum(status is CommentStatus.APPROVED for status, _ in kinds)
        known = await learned(database)
        assert known[EVERY_TEXT] == (20 - ham, ham)
        # What all of them said was learned as often.
        assert sorted(known.values()).count((20 - ham, ham)) > len(set(PRAISE.split()))


class TestSetStatus:
    """The same for a single one, by PATCH."""

    @pytest.mark.requirement("39")
    async def test_is_for_moderators_alone(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        database: Database,
        user: User,
        post: PostDetail,
    ) -> None:
        (comment,) = await make_comments(database, post, author_id=user.id)
        await grow_stale(database)
        body = {"status": "approved", "body": "Other words"}
        for who, status in ((client, 401), (user_client, 422), (admin_client, 403)):
            answer = await who.patch(f"{URL}/{comment.id}", json=body)
            assert answer.status_code == status
        async with database.reading() as db:
            row = await db.get_one(Comment, comment.id)
        assert (row.status, row.body) == (CommentStatus.PENDING, comment.body)

    async def test_decides_as_for_many(
        self, admin_client: httpx2.AsyncClient, database: Database, post: PostDetail
    ) -> None:
        (comment,) = await make_comments(database, post)
        for status, counts in (("approved", (1, 1)), ("spam", (0, 0)), ("rejected", (0, 0))):
            answer = await admin_client.patch(f"{URL}/{comment.id}", json={"status": status})
            assert answer.json()["status"] == status
            assert await counted(database, post) == counts
        assert (await learned(database))[EVERY_TEXT] == (1, 0)
        actions = [entry.action for entry in await trail(database)]
        assert actions[-3:] == ["comment:approved", "comment:marked_spam", "comment:rejected"]

    @pytest.mark.parametrize("body", [{"status": "pending"}, {"status": None}, {"body": None}])
    async def test_refuses_what_it_does_not_know(
        self, admin_client: httpx2.AsyncClient, body: dict[str, Any]
    ) -> None:
        assert (await admin_client.patch(f"{URL}/1", json=body)).status_code == 422


class TestSpamScreening:
    async def test_moderators_teach_what_later_comments_are_judged_by(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        database: Database,
        post: PostDetail,
    ) -> None:
        good = await make_comments(database, post, 10)
        bad = [comment_row(f"{PILLS} {number}", entity_id=post.id) for number in range(10)]
        await store(database, *bad)
        await decide(admin_client, "approve", *good)
        await decide(admin_client, "spam", *bad)
        answer = await client.post(
            f"/api/v1/posts/{post.id}/comments",
            json={
                "body": "The casino bonus and pills without prescription, cheap",
                "name": "Bot",
                "email": "bot@example.net",
            },
        )
        assert answer.status_code == 202
        item, *_ = (await admin_client.get(f"{URL}?status=spam")).json()["items"]
        assert item["author"]["name"] == "Bot"
        assert [reason["code"] for reason in item["reasons"]] == ["words"]
        assert item["spam_score"] > 0.9
