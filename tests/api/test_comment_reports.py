"""Readers call moderators."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from tests.factories.posts import make_post
from tests.factories.publications import make_hidden
from tests.factories.spam import comment_row, store

from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentReport, CommentStatus
from portfolio.models.live import LiveEvent
from portfolio.models.projections import PostDetail
from portfolio.models.users import User
from portfolio.services.comments.moderation import ENOUGH_REPORTS
from portfolio.wiring import Services

URL = "/api/v1/comments"


@asynccontextmanager
async def reader(app: FastAPI, number: int) -> AsyncIterator[httpx2.AsyncClient]:
    """A guest at an address of their own."""
    transport = httpx2.ASGITransport(
        app=app, raise_app_exceptions=False, client=(f"192.0.2.{number}", 1)
    )
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
async def post(services: Services, admin: User) -> PostDetail:
    return await make_post(services, admin, "About boats")


@pytest.fixture
async def comment(
    database: Database, admin_client: httpx2.AsyncClient, post: PostDetail
) -> Comment:
    """One that a moderator approved, before anybody reported it."""
    row = comment_row("Boats are silly", entity_id=post.id)
    await store(database, row)
    await decide(admin_client, row, "approve")
    return row


async def decide(admin_client: httpx2.AsyncClient, comment: Comment, action: str) -> None:
    answer = await admin_client.post(
        f"{URL}/moderate", json={"ids": [comment.id], "action": action}
    )
    assert answer.json()["changed"] == [comment.id]


async def report(client: httpx2.AsyncClient, comment: Comment, reason: str | None = None) -> int:
    body = None if reason is None else {"reason": reason}
    answer = await client.post(f"{URL}/{comment.id}/report", json=body)
    return answer.status_code


async def reported_by(app: FastAPI, comment: Comment, *numbers: int) -> list[int]:
    """All at once."""

    async def one(number: int) -> int:
        async with reader(app, number) as client:
            return await report(client, comment)

    return list(await asyncio.gather(*map(one, numbers)))


async def state(database: Database, comment: Comment) -> tuple[CommentStatus, int, list[str]]:
    async with database.reading() as db:
        row = await db.get_one(Comment, comment.id)
        persons = list(await db.scalars(select(CommentReport.person)))
        assert row.reports_count == len(persons)
        return row.status, row.reports_count, row.reasons


class TestReportComment:
    async def test_is_open_to_anyone_who_can_read_it(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        database: Database,
        comment: Comment,
    ) -> None:
        assert await report(client, comment) == 202
        assert await report(user_client, comment, "It insults boats") == 202
        assert await state(database, comment) == (CommentStatus.APPROVED, 2, [])
        (item,) = (await admin_client.get(f"{URL}?status=approved&reported=true")).json()["items"]
        assert item["reports_count"] == 2
        assert [shown["reason"] for shown in item["reports"]] == ["It insults boats", None]

    @pytest.mark.requirement("38")
    async def test_finds_nothing_that_its_reader_cannot_see(
        self, client: httpx2.AsyncClient, services: Services, admin: User, post: PostDetail
    ) -> None:
        draft = await make_hidden(services, "posts", admin, "draft")
        rows = [
            comment_row(entity_id=post.id),
            comment_row(entity_id=post.id, status=CommentStatus.SPAM),
            comment_row(entity_id=draft.id, status=CommentStatus.APPROVED),
        ]
        await store(services.database, *rows)
        for row in rows:
            assert await report(client, row) == 404
        rows[0].id = 2**62
        assert await report(client, rows[0]) == 404

    async def test_counts_each_person_once(
        self, app: FastAPI, user_client: httpx2.AsyncClient, database: Database, comment: Comment
    ) -> None:
        assert await reported_by(app, comment, 1, 1, 1, 1) == [202] * 4
        for _ in range(2):
            assert await report(user_client, comment) == 202
        assert (await state(database, comment))[1] == 2

    async def test_keeps_no_address(
        self, app: FastAPI, database: Database, comment: Comment
    ) -> None:
        await reported_by(app, comment, 1, 2)
        async with database.reading() as db:
            persons = set(await db.scalars(select(CommentReport.person)))
        assert len(persons) == 2
        assert "192.0.2" not in str(persons)

    async def test_has_it_wait_for_a_moderator_once_enough_did_so(
        self, app: FastAPI, client: httpx2.AsyncClient, database: Database, comment: Comment
    ) -> None:
        first, *others = range(1, ENOUGH_REPORTS + 1)
        await reported_by(app, comment, *others)
        assert (await state(database, comment))[0] is CommentStatus.APPROVED
        await reported_by(app, comment, first)
        assert await state(database, comment) == (
            CommentStatus.PENDING,
            ENOUGH_REPORTS,
            ["reported"],
        )
        listed = await client.get(f"/api/v1/posts/{comment.entity_id}/comments")
        assert listed.json()["items"] == []
        async with database.reading() as db:
            events = list(await db.scalars(select(LiveEvent.type).order_by(LiveEvent.id)))
        assert events[-3:] == ["comment.created", "comment.deleted", "comment.pending"]
        # Whoever did so may say it again; to all others it is gone.
        assert await reported_by(app, comment, 1, 99) == [202, 404]

    async def test_takes_the_word_from_no_admin(
        self, app: FastAPI, database: Database, comment: Comment, admin: User
    ) -> None:
        async with database.transaction() as db:
            await db.execute(update(Comment).values(author_id=admin.id))
        await reported_by(app, comment, *range(ENOUGH_REPORTS + 1))
        assert (await state(database, comment))[0] is CommentStatus.APPROVED

    async def test_is_exact_when_many_do_so_at_once(
        self, app: FastAPI, database: Database, comment: Comment
    ) -> None:
        answers = await reported_by(app, comment, *range(1, 11))
        assert sorted(answers) == [202] * ENOUGH_REPORTS + [404] * (10 - ENOUGH_REPORTS)
        assert (await state(database, comment))[:2] == (CommentStatus.PENDING, ENOUGH_REPORTS)

    async def test_hides_nothing_that_a_moderator_approved_in_spite_of_it(
        self, app: FastAPI, admin_client: httpx2.AsyncClient, database: Database, comment: Comment
    ) -> None:
        await reported_by(app, comment, 1)
        await decide(admin_client, comment, "approve")
        assert await state(database, comment) == (CommentStatus.APPROVED, 0, ["reported"])
        await reported_by(app, comment, 1, 2, 3, 4)
        assert await state(database, comment) == (CommentStatus.APPROVED, 4, ["reported"])

    @pytest.mark.parametrize("reason", ["x" * 1001, 7, "a\0b"])
    async def test_takes_a_short_reason(
        self, client: httpx2.AsyncClient, comment: Comment, reason: str
    ) -> None:
        assert await report(client, comment, reason) == 422
