"""Comments of people without an account, and how they confirm their address."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import update
from tests.factories.clients import make_client
from tests.factories.comments import API, GUEST, decide, listed, rows, said, say, set_rules
from tests.factories.posts import make_post
from tests.factories.users import make_access_token
from tests.factories.waiting_mail import received, token_for
from time_machine import travel

from portfolio.core import markdown
from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.projections import PostDetail
from portfolio.models.users import User
from portfolio.schemas.moderation import ModerationAction
from portfolio.wiring import Services

CONFIRM = f"{API}/comments/confirm"
PAGE = "/account/confirm-comment"
ADDRESS = GUEST["email"]


@pytest.fixture
async def post(services: Services, admin: User) -> PostDetail:
    return await make_post(services, admin, "About boats")


async def confirm(client: AsyncClient, token: str) -> Response:
    return await client.post(CONFIRM, json={"token": token})


async def change(database: Database, **values: Any) -> None:
    async with database.transaction() as db:
        await db.execute(update(Comment).values(**values))


class TestGuests:
    async def test_wait_for_a_moderator_where_no_mail_can_be_sent(
        self,
        client: AsyncClient,
        services: Services,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_rules(services, monkeypatch, moderation="none")
        answer = await say(client, post, **GUEST, website="https://ada.example")
        made = answer.json()
        assert answer.status_code == 202
        assert "moderator" in made["detail"]
        assert made["author"] == {
            "id": None,
            "username": None,
            "name": "Ada",
            "avatar_url": None,
            "website": "https://ada.example",
            "is_guest": True,
            "is_admin": False,
        }
        assert ADDRESS not in answer.text
        assert (await listed(client, post))["items"] == []
        assert (await client.get(f"{API}/comments/{made['id']}")).status_code == 404
        await decide(services, ModerationAction.APPROVE, made["id"])
        (shown,) = (await listed(client, post))["items"]
        assert shown["author"]["name"] == "Ada"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": None},
            {"email": None},
            {"name": ""},
            {"name": "Ada\n"},
            {"name": "Ada\r\nBcc: x@y.z"},
            {"name": "A\0"},
            {"name": "x" * 101},
            {"email": "nowhere"},
            {"email": "a@example.com\nb@example.com"},
            {"website": "javascript:alert(1)"},
            {"website": "/path"},
            {"website": "https://a.b/\n"},
            {"website": "https://a.b/\0"},
            {"website": "ftp://a.b"},
        ],
        ids=str,
    )
    async def test_say_who_they_are(
        self, client: AsyncClient, post: PostDetail, wrong: dict[str, Any]
    ) -> None:
        answer = await say(client, post, **{**GUEST, **wrong})
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [*wrong]

    async def test_sign_in_where_guests_may_not(
        self,
        client: AsyncClient,
        services: Services,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_rules(services, monkeypatch, guests=False)
        assert (await say(client, post, **GUEST)).status_code == 401

    @pytest.mark.requirement("98")
    async def test_may_repeat_themselves_by_a_key(
        self, client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        url, key = f"{API}/posts/{post.id}/comments", {"Idempotency-Key": "once"}
        body = {"body": "Only once", **GUEST}
        answers = await asyncio.gather(
            *(client.post(url, json=body, headers=key) for _ in range(3))
        )
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        assert len(await rows(database)) == 1


class TestConfirmComment:
    async def test_shows_it_where_nobody_waits(
        self,
        stranger: AsyncClient,
        mailing: Services,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_rules(mailing, monkeypatch, moderation="none")
        made = (await say(stranger, post, **GUEST)).json()
        assert (made["status"], "mailbox" in made["detail"]) == ("pending", True)
        assert (await listed(stranger, post))["items"] == []
        token = await token_for(mailing, ADDRESS, "confirm_comment")
        answers = [await confirm(stranger, token) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        assert answers[0].json()["status"] == "approved"
        assert (await listed(stranger, post))["comments_count"] == 1
        assert (await rows(mailing.database))[0].confirmed_at is not None

    async def test_lets_the_first_of_an_address_wait_and_shows_the_next(
        self, stranger: AsyncClient, mailing: Services, post: PostDetail
    ) -> None:
        first = (await say(stranger, post, **GUEST)).json()
        assert await received(mailing, "owner@example.com") == []
        answer = await confirm(stranger, await token_for(mailing, ADDRESS, "confirm_comment"))
        assert answer.json()["status"] == "pending"
        assert "moderator" in answer.json()["detail"]
        assert len(await received(mailing, "owner@example.com")) == 1
        await decide(mailing, ModerationAction.APPROVE, first["id"])
        # Whoever knows the address has not got it: it is confirmed each time.
        second = await say(stranger, post, **GUEST)
        assert second.status_code == 202
        answer = await confirm(stranger, await token_for(mailing, ADDRESS, "confirm_comment"))
        assert answer.json()["status"] == "approved"

    async def test_leaves_to_the_moderators_what_the_filter_doubts(
        self,
        stranger: AsyncClient,
        mailing: Services,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_rules(mailing, monkeypatch, moderation="none")
        links = " ".join(f"https://a{number}.example" for number in range(3))
        await say(stranger, post, links, **GUEST)
        answer = await confirm(stranger, await token_for(mailing, ADDRESS, "confirm_comment"))
        assert answer.json()["status"] == "pending"

    async def test_is_asked_of_no_program_and_says_the_same(
        self, stranger: AsyncClient, mailing: Services, post: PostDetail
    ) -> None:
        honest = (await say(stranger, post, **GUEST)).json()
        spam = (await say(stranger, post, **GUEST | {"email": "b@c.example"}, subtitle="x")).json()
        assert (spam["status"], spam["detail"]) == (honest["status"], honest["detail"])
        assert await received(mailing, "b@c.example") == []

    async def test_treats_the_address_of_an_account_as_any_other(
        self, stranger: AsyncClient, mailing: Services, post: PostDetail, user: User
    ) -> None:
        made = (await say(stranger, post, name="Ada", email=user.email)).json()
        assert made["author"]["is_guest"] is True
        assert await received(mailing, user.email) == ["confirm_comment"]
        (row,) = await rows(mailing.database)
        assert row.author_id is None

    async def test_is_not_asked_of_accounts(
        self,
        mailing_app: FastAPI,
        mailing: Services,
        post: PostDetail,
        user: User,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_rules(mailing, monkeypatch, moderation="none")
        token = await make_access_token(mailing, user)
        async with make_client(mailing_app, token) as client:
            await said(client, post)
        assert await received(mailing, user.email) == []

    async def test_refuses_what_is_no_token_of_this_comment(
        self, stranger: AsyncClient, mailing: Services, post: PostDetail
    ) -> None:
        made = (await say(stranger, post, **GUEST)).json()
        token = await token_for(mailing, ADDRESS, "confirm_comment")
        with travel(utc_now() + timedelta(days=7, minutes=1), tick=False):
            late = await confirm(stranger, token)
        await change(mailing.database, guest_email="other@example.com")
        answers = [late, await confirm(stranger, token), await confirm(stranger, token[:-3])]
        await change(mailing.database, guest_email=ADDRESS)
        await decide(mailing, ModerationAction.DELETE, made["id"])
        answers.append(await confirm(stranger, token))
        assert [answer.status_code for answer in answers] == [400] * 4
        assert {answer.json()["code"] for answer in answers} == {"invalid_token"}
        assert (await stranger.get(CONFIRM)).status_code in {404, 405, 422}

    async def test_has_a_page_that_asks_first(
        self, stranger: AsyncClient, mailing: Services, post: PostDetail
    ) -> None:
        await say(stranger, post, **GUEST)
        token = await token_for(mailing, ADDRESS, "confirm_comment")
        page = await stranger.get(PAGE, params={"token": token})
        assert (page.status_code, token in page.text) == (200, True)
        assert (await rows(mailing.database))[0].confirmed_at is None
        done = await stranger.post(PAGE, data={"token": token})
        assert (done.status_code, "moderator" in done.text) == (200, True)
        assert (await rows(mailing.database))[0].confirmed_at is not None
        assert (await stranger.get(PAGE, params={"token": "none"})).status_code == 400


class TestForget:
    async def test_takes_away_what_nobody_confirmed(
        self, stranger: AsyncClient, mailing: Services, post: PostDetail
    ) -> None:
        for number in range(3):
            await say(stranger, post, f"Number {number}", **GUEST)
        first, second, _ = await rows(mailing.database)
        await change(mailing.database, created_at=utc_now() - timedelta(days=8))
        async with mailing.database.transaction() as db:
            confirmed = update(Comment).where(Comment.id == first.id)
            approved = update(Comment).where(Comment.id == second.id)
            await db.execute(confirmed.values(confirmed_at=utc_now()))
            await db.execute(approved.values(status=CommentStatus.APPROVED))
        await mailing.guest_comments.forget()
        assert [row.id for row in await rows(mailing.database)] == [first.id, second.id]

    @pytest.mark.parametrize("trace", ["reactions_count", "reports_count"])
    async def test_keeps_what_was_shown_until_readers_reported_it(
        self, stranger: AsyncClient, mailing: Services, post: PostDetail, trace: str
    ) -> None:
        await say(stranger, post, **GUEST)
        (row,) = await rows(mailing.database)
        await change(mailing.database, created_at=utc_now() - timedelta(days=8), **{trace: 1})
        await mailing.guest_comments.forget()
        assert [each.id for each in await rows(mailing.database)] == [row.id]

    async def test_keeps_what_waits_for_moderators_alone(
        self, client: AsyncClient, services: Services, post: PostDetail
    ) -> None:
        await say(client, post, **GUEST)
        await change(services.database, created_at=utc_now() - timedelta(days=8))
        await services.guest_comments.forget()
        assert len(await rows(services.database)) == 1

    @pytest.mark.requirement("83")
    async def test_takes_away_from_where_comments_came(
        self, client: AsyncClient, services: Services, post: PostDetail
    ) -> None:
        await say(client, post, **GUEST)
        (row,) = await rows(services.database)
        assert row.client == "127.0.0.1"
        await services.guest_comments.forget()
        assert (await rows(services.database))[0].client is not None
        await change(services.database, created_at=utc_now() - timedelta(days=91))
        await services.guest_comments.forget()
        (row,) = await rows(services.database)
        assert (row.client, row.agent, row.version) == (None, None, 1)


class TestRenewal:
    @pytest.mark.requirement("46")
    async def test_renders_again_what_was_rendered_by_other_rules(
        self, admin_client: AsyncClient, services: Services, post: PostDetail
    ) -> None:
        for number in range(3):
            await said(admin_client, post, f"*{number}*")
        before = await rows(services.database)
        await change(
            services.database,
            html="<script>",
            render_version=markdown.COMMENT_RENDER_VERSION - 1,
        )
        await services.comment_renewal.begin()
        await services.comment_renewal({"after": 0})
        after = await rows(services.database)
        assert [row.html for row in after] == [row.html for row in before]
        assert {row.render_version for row in after} == {markdown.COMMENT_RENDER_VERSION}
        assert [row.version for row in after] == [row.version for row in before]
