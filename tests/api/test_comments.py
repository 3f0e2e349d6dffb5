"""Comments of accounts: written, read, changed and deleted."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from tests.factories.api_tokens import make_api_token
from tests.factories.audit import trail
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
)
from tests.factories.posts import make_post
from tests.factories.publications import HIDDEN, make_hidden
from tests.factories.users import bearing, grow_stale, make_access_token, make_user
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.comments import CommentStatus
from portfolio.models.credentials import Scope
from portfolio.models.live import Audience
from portfolio.models.projections import PostDetail
from portfolio.models.users import User
from portfolio.schemas.moderation import ModerationAction
from portfolio.wiring import Services


@pytest.fixture
async def post(services: Services, admin: User) -> PostDetail:
    return await make_post(services, admin, "About boats")


@pytest.fixture
def _open(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a moderator."""
    set_rules(services, monkeypatch, moderation="none")


@pytest.fixture
async def other(services: Services) -> dict[str, str]:
    """The headers of another account."""
    return bearing(await make_access_token(services, await make_user(services, "other")))


class TestCreateComment:
    @pytest.mark.usefixtures("_open")
    async def test_shows_it_at_once(
        self, client: AsyncClient, user_client: AsyncClient, post: PostDetail, user: User
    ) -> None:
        answer = await say(user_client, post, "So *true*.\nReally")
        made = answer.json()
        assert answer.status_code == 201
        assert answer.headers["Location"] == f"{API}/comments/{made['id']}"
        assert answer.headers["ETag"].startswith('W/"1.')
        assert made["html"] == "<p>So <em>true</em>.<br>\nReally</p>\n"
        assert made["detail"] is None
        page = await listed(client, post)
        assert page["total"] == page["comments_count"] == 1
        (shown,) = page["items"]
        assert shown == {
            "id": made["id"],
            "entity_type": "posts",
            "entity_id": post.id,
            "parent_id": None,
            "thread_id": None,
            "depth": 0,
            "body": "So *true*.\nReally",
            "html": made["html"],
            "author": {
                "id": user.id,
                "username": "reader",
                "name": "reader",
                "avatar_url": None,
                "website": None,
                "is_guest": False,
                "is_admin": False,
            },
            "status": "approved",
            "created_at": made["created_at"],
            "updated_at": made["updated_at"],
            "edited_at": None,
            "deleted": False,
            "replies_count": 0,
            "reactions": {},
            "version": 1,
            "can_edit_until": None,
            "can_delete_until": None,
            "replies": [],
        }
        assert made["can_edit_until"] < made["can_delete_until"]
        assert (await client.get(f"{API}/posts/{post.id}")).json()["counts"]["comments"] == 1

    async def test_lets_the_first_of_somebody_wait(
        self, client: AsyncClient, user_client: AsyncClient, services: Services, post: PostDetail
    ) -> None:
        first = await say(user_client, post)
        assert first.status_code == 202
        assert first.json()["status"] == "pending"
        assert "moderator" in first.json()["detail"]
        assert "Location" not in first.headers
        assert (await listed(client, post))["items"] == []
        await decide(services, ModerationAction.APPROVE, first.json()["id"])
        assert (await say(user_client, post)).status_code == 201

    async def test_lets_all_wait_but_those_of_admins(
        self,
        admin_client: AsyncClient,
        user_client: AsyncClient,
        services: Services,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_rules(services, monkeypatch, moderation="all")
        first = await say(user_client, post)
        await decide(services, ModerationAction.APPROVE, first.json()["id"])
        assert (await say(user_client, post)).status_code == 202
        made = await said(admin_client, post)
        assert made["author"]["is_admin"]

    @pytest.mark.usefixtures("_open")
    async def test_takes_spam_with_the_words_for_any_that_waits(
        self, user_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        answer = await say(user_client, post, subtitle="Cheap")
        assert answer.status_code == 202
        assert answer.json()["status"] == "pending"
        assert "moderator" in answer.json()["detail"]
        (row,) = await rows(database)
        assert (row.status, row.reasons) == (CommentStatus.SPAM, ["honeypot"])
        assert await events(database) == []

    @pytest.mark.usefixtures("_open")
    async def test_holds_what_the_filter_doubts(
        self, user_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        assert (await say(user_client, post, "https://a.b https://c.d")).status_code == 201
        links = " ".join(f"https://a{n}.example" for n in range(3))
        assert (await say(user_client, post, links)).status_code == 202
        assert (await rows(database))[1].reasons == ["links"]

    @pytest.mark.parametrize("how", HIDDEN)
    async def test_is_not_possible_on_what_one_cannot_see(
        self, user_client: AsyncClient, services: Services, admin: User, how: str
    ) -> None:
        hidden = await make_hidden(services, "posts", admin, how)
        assert (await say(user_client, hidden)).status_code == 404
        assert (await user_client.get(f"{API}/posts/{hidden.id}/comments")).status_code == 404

    async def test_is_possible_on_a_draft_for_admins_and_told_to_them_alone(
        self, admin_client: AsyncClient, services: Services, database: Database, admin: User
    ) -> None:
        draft = await make_post(services, admin, status="draft")
        made = await said(admin_client, draft)
        (event,) = await events(database)
        assert event.audience is Audience.MODERATORS
        assert event.data["id"] == made["id"]

    async def test_is_refused_where_comments_are_closed(
        self, admin_client: AsyncClient, services: Services, admin: User, post: PostDetail
    ) -> None:
        closed = await make_post(services, admin, "Closed", comments_enabled=False)
        refused = await say(admin_client, closed)
        assert (refused.status_code, refused.json()["code"]) == (403, "comments_closed")
        assert (await say(admin_client, post)).status_code == 201

    async def test_is_refused_some_days_after_publication(
        self,
        admin_client: AsyncClient,
        services: Services,
        admin: User,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_rules(services, monkeypatch, close_after_days=2)
        now = utc_now()
        for days, status in ((1, 201), (3, 403)):
            old = await make_post(
                services, admin, f"{days}", published_at=now - timedelta(days=days)
            )
            assert (await say(admin_client, old)).status_code == status

    @pytest.mark.parametrize(
        "wrong",
        [
            {"body": ""},
            {"body": " \n"},
            {"body": "x\0"},
            {"body": "[a]: https://b.c"},
            {"body": "x" * 10_001},
            {"body": "> " * 30 + "x"},
            {"parent_id": 0},
            {"parent_id": "x"},
            {"name": "Ada"},
            {"email": "ada@example.com"},
            {"website": "https://example.com"},
            {"shown_at": 17},
            {"subtitle": None},
        ],
        ids=lambda wrong: str(wrong)[:30],
    )
    async def test_refuses_what_is_wrong(
        self, user_client: AsyncClient, post: PostDetail, wrong: dict[str, Any]
    ) -> None:
        answer = await say(user_client, post, **{"body": "Hello", **wrong})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] in wrong

    @pytest.mark.requirement("39")
    @pytest.mark.parametrize("field", ["id", "author_id", "status", "created_at", "html", "depth"])
    async def test_refuses_what_is_not_the_writers(
        self, user_client: AsyncClient, database: Database, post: PostDetail, field: str
    ) -> None:
        answer = await say(user_client, post, **{field: "approved"})
        assert answer.status_code == 422
        assert await rows(database) == []

    async def test_is_for_no_tokens_but_those_that_moderate(
        self, client: AsyncClient, services: Services, admin: User, post: PostDetail
    ) -> None:
        url, said = f"{API}/posts/{post.id}/comments", {"body": "By a program"}
        for scope, status in ((Scope.CONTENT_WRITE, 403), (Scope.COMMENTS_MODERATE, 201)):
            token = bearing(await make_api_token(services, admin, scope))
            assert (await client.post(url, json=said, headers=token)).status_code == status

    async def test_has_a_limit_of_its_own(self, user_client: AsyncClient, post: PostDetail) -> None:
        answer = await say(user_client, post)
        assert answer.headers["RateLimit-Policy"].startswith('"comments"')

    @pytest.mark.usefixtures("_open")
    async def test_tells_who_looks_at_the_page(
        self, user_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        made = await said(user_client, post)
        (event,) = await events(database)
        assert (event.topic, event.type) == (f"posts:{post.id}", "comment.created")
        assert event.audience is Audience.EVERYONE
        public = {name: made[name] for name in made if name != "detail"}
        assert event.data == {
            **public,
            "can_edit_until": None,
            "can_delete_until": None,
            "comments_count": 1,
        }

    async def test_tells_moderators_of_what_waits(
        self, user_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        made = (await say(user_client, post)).json()
        (event,) = await events(database)
        assert (event.topic, event.type) == ("moderation", "comment.pending")
        assert event.audience is Audience.MODERATORS
        assert event.data["body"] == made["body"]

    @pytest.mark.usefixtures("_open")
    async def test_takes_few_statements(
        self, user_client: AsyncClient, post: PostDetail, count_queries: list[str]
    ) -> None:
        top = await said(user_client, post)
        count_queries.clear()
        await said(user_client, post)
        alone = [statement for statement in count_queries if "user_sessions" not in statement]
        count_queries.clear()
        await said(user_client, post, parent_id=top["id"])
        answer = [statement for statement in count_queries if "user_sessions" not in statement]
        assert len(answer) == len(alone) + 2
        assert len(alone) <= 7


class TestReadComments:
    @pytest.mark.requirement("38")
    @pytest.mark.usefixtures("_open")
    async def test_shows_what_waits_to_its_writer_alone(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        other: dict[str, str],
        post: PostDetail,
    ) -> None:
        spam = (await say(user_client, post, subtitle="x")).json()
        url = f"{API}/comments/{spam['id']}"
        (own,) = (await listed(user_client, post))["items"]
        assert (own["id"], own["status"]) == (spam["id"], "pending")
        assert (await user_client.get(url)).json()["status"] == "pending"
        assert (await listed(client, post))["items"] == []
        assert (await listed(admin_client, post))["items"] == []
        assert (await client.get(url)).status_code == 404
        assert (await client.get(url, headers=other)).status_code == 404
        assert (await admin_client.get(url)).json()["status"] == "spam"

    @pytest.mark.requirement("38")
    async def test_shows_what_waits_to_no_token_that_may_not_moderate(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        services: Services,
        admin: User,
        post: PostDetail,
    ) -> None:
        url = f"{API}/comments/{(await say(user_client, post)).json()['id']}"
        for scopes, status in (
            ([Scope.CONTENT_READ], 404),
            ([Scope.CONTENT_READ, Scope.COMMENTS_MODERATE], 200),
        ):
            token = bearing(await make_api_token(services, admin, *scopes))
            assert (await client.get(url, headers=token)).status_code == status

    async def test_shows_what_was_rejected_to_moderators_alone(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        post: PostDetail,
    ) -> None:
        made = (await say(user_client, post)).json()
        await decide(services, ModerationAction.REJECT, made["id"])
        url = f"{API}/comments/{made['id']}"
        assert (await user_client.get(url)).status_code == 404
        assert (await listed(user_client, post))["items"] == []
        assert (await admin_client.get(url)).json()["body"] == made["body"]

    @pytest.mark.usefixtures("_open")
    async def test_is_kept_for_strangers_until_something_changes(
        self,
        client: AsyncClient,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        post: PostDetail,
    ) -> None:
        await said(user_client, post)
        url = f"{API}/posts/{post.slug}/comments"
        first = await client.get(url)
        again = await client.get(url, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.headers["X-Cache"]) == (304, "hit")
        await say(user_client, post, subtitle="spam changes nothing")
        assert (await client.get(url)).headers["X-Cache"] == "hit"
        await said(admin_client, post)
        assert (await client.get(url)).json()["total"] == 2
        await user_client.patch(f"{API}/me", json={"display_name": "Somebody"})
        names = [item["author"]["name"] for item in (await client.get(url)).json()["items"]]
        assert names == ["Somebody", "owner"]

    @pytest.mark.requirement("40")
    @pytest.mark.usefixtures("_open")
    async def test_tells_strangers_nothing_personal(
        self, client: AsyncClient, user_client: AsyncClient, post: PostDetail
    ) -> None:
        made = await said(user_client, post)
        for path in (f"posts/{post.id}/comments", f"comments/{made['id']}"):
            text = (await client.get(f"{API}/{path}")).text
            assert "@" not in text
            assert "127.0.0.1" not in text

    async def test_is_not_there_below_profiles(self, client: AsyncClient, admin: User) -> None:
        assert (await client.get(f"{API}/profiles/{admin.username}/comments")).status_code == 404


@pytest.mark.usefixtures("_open")
class TestUpdateComment:
    async def test_changes_the_words(
        self, client: AsyncClient, user_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        made = await said(user_client, post)
        url = f"{API}/comments/{made['id']}"
        answer = await user_client.patch(url, json={"body": "Quite *another* remark"})
        changed = answer.json()
        assert answer.status_code == 200
        assert changed["html"] == "<p>Quite <em>another</em> remark</p>\n"
        assert changed["edited_at"] is not None
        assert (await client.get(url)).json()["body"] == "Quite *another* remark"
        event = (await events(database))[-1]
        assert (event.type, event.data["version"]) == ("comment.updated", changed["version"])

    async def test_counts_as_much_as_a_comment_but_for_moderators(
        self, user_client: AsyncClient, admin_client: AsyncClient, post: PostDetail
    ) -> None:
        url = f"{API}/comments/{(await said(user_client, post))['id']}"
        for asking, counts in ((user_client, True), (admin_client, False)):
            answer = await asking.patch(url, json={"body": f"Other words: {counts}"})
            assert answer.status_code == 200
            policy = answer.headers["RateLimit-Policy"]
            assert policy.startswith('"comments"') is counts

    async def test_asks_who_one_is(
        self, client: AsyncClient, user_client: AsyncClient, other: dict[str, str], post: PostDetail
    ) -> None:
        url = f"{API}/comments/{(await said(user_client, post))['id']}"
        assert (await client.patch(url, json={"body": "x"})).status_code == 401
        assert (await client.patch(url, json={"body": "x"}, headers=other)).status_code == 403
        assert (await client.patch(f"{API}/comments/9", json={"body": "x"})).status_code == 401
        for missing in (f"{API}/comments/{2**63 - 1}", f"{API}/comments/999999"):
            assert (await user_client.patch(missing, json={"body": "x"})).status_code == 404

    @pytest.mark.requirement("99")
    async def test_is_refused_to_who_saw_another_version(
        self, user_client: AsyncClient, post: PostDetail
    ) -> None:
        answer = await say(user_client, post)
        url, old = answer.headers["Location"], {"If-Match": answer.headers["ETag"]}
        first = await user_client.patch(url, json={"body": "First"}, headers=old)
        assert first.status_code == 200
        assert (
            await user_client.patch(url, json={"body": "Second"}, headers=old)
        ).status_code == 412
        assert (await user_client.delete(url, headers=old)).status_code == 412

    async def test_ends_after_a_while(self, user_client: AsyncClient, post: PostDetail) -> None:
        made = await said(user_client, post)
        url = f"{API}/comments/{made['id']}"
        later = utc_now() + timedelta(minutes=15, seconds=1)
        with travel(later, tick=False):
            answer = await user_client.patch(url, json={"body": "Too late"})
        assert (answer.status_code, answer.json()["code"]) == (403, "too_late")

    async def test_may_bring_it_back_to_the_moderators(
        self, client: AsyncClient, user_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        made = await said(user_client, post)
        url = f"{API}/comments/{made['id']}"
        links = " ".join(f"https://a{n}.example" for n in range(3))
        assert (await user_client.patch(url, json={"body": links})).json()["status"] == "pending"
        assert (await client.get(url)).status_code == 404
        assert (await listed(client, post))["comments_count"] == 0
        assert [event.type for event in await events(database)][1:] == [
            "comment.deleted",
            "comment.pending",
        ]
        assert await counts_hold(database)

    async def test_of_others_is_for_moderators_who_proved_who_they_are(
        self,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        database: Database,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
        services: Services,
    ) -> None:
        set_rules(services, monkeypatch, edit_minutes=0)
        url = f"{API}/comments/{(await said(user_client, post))['id']}"
        assert (await admin_client.patch(url, json={"body": "Civil"})).status_code == 200
        assert [entry.action for entry in await trail(database)][-1] == "comment:edited"
        await grow_stale(database)
        answer = await admin_client.patch(url, json={"body": "Again"})
        assert (answer.status_code, answer.json()["code"]) == (403, "reauth_required")


@pytest.mark.usefixtures("_open")
class TestDeleteComment:
    async def test_takes_it_away(
        self, client: AsyncClient, user_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        url = f"{API}/comments/{(await said(user_client, post))['id']}"
        assert (await client.delete(url)).status_code == 401
        assert (await user_client.delete(url)).status_code == 204
        assert (await user_client.get(url)).status_code == 404
        assert await rows(database) == []
        assert (await listed(client, post))["comments_count"] == 0
        assert (await events(database))[-1].data["stone"] is False

    async def test_of_others_is_for_moderators(
        self,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        client: AsyncClient,
        other: dict[str, str],
        database: Database,
        post: PostDetail,
    ) -> None:
        url = f"{API}/comments/{(await said(user_client, post))['id']}"
        assert (await client.delete(url, headers=other)).status_code == 403
        await grow_stale(database)
        assert (await admin_client.delete(url)).status_code == 403
        assert len(await rows(database)) == 1

    async def test_by_a_moderator_is_written_down(
        self,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        database: Database,
        post: PostDetail,
    ) -> None:
        url = f"{API}/comments/{(await said(user_client, post))['id']}"
        assert (await admin_client.delete(url)).status_code == 204
        assert [entry.action for entry in await trail(database)][-1] == "comment:deleted"

    async def test_ends_after_a_while(
        self,
        user_client: AsyncClient,
        services: Services,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        url = f"{API}/comments/{(await said(user_client, post))['id']}"
        set_rules(services, monkeypatch, delete_minutes=0)
        answer = await user_client.delete(url)
        assert (answer.status_code, answer.json()["code"]) == (403, "too_late")


@pytest.mark.usefixtures("_open")
class TestManyAtOnce:
    @pytest.mark.requirement("96")
    async def test_are_counted_one_by_one(
        self, user_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        top = await said(user_client, post)
        answers = await asyncio.gather(
            *(
                say(user_client, post, parent_id=top["id"] if number % 2 else None)
                for number in range(20)
            )
        )
        assert {answer.status_code for answer in answers} == {201}
        assert (await listed(user_client, post))["comments_count"] == 21
        assert await counts_hold(database)

    @pytest.mark.requirement("101")
    async def test_leave_nothing_behind_where_the_post_is_deleted_for_good(
        self,
        user_client: AsyncClient,
        admin_client: AsyncClient,
        services: Services,
        database: Database,
        post: PostDetail,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_rules(services, monkeypatch, moderation="all")
        url = f"{API}/posts/{post.id}"

        async def delete() -> None:
            assert (await admin_client.delete(url)).status_code == 204
            assert (await admin_client.delete(f"{url}?permanent=true")).status_code == 204

        # Shown ones change the row of the post, and others do not.
        clients = [admin_client, user_client] * 25
        before = [asyncio.create_task(say(each, post)) for each in clients[:25]]
        deleting = asyncio.create_task(delete())
        after = [asyncio.create_task(say(each, post)) for each in clients[25:]]
        await deleting
        statuses = [(await task).status_code for task in before + after]
        assert await rows(database) == []
        assert set(statuses) <= {201, 202, 404}
        counted = [
            event.data["comments_count"]
            for event in await events(database)
            if event.type == "comment.created"
        ]
        assert counted == list(range(1, statuses.count(201) + 1))

    @pytest.mark.requirement("98")
    async def test_with_the_same_key_are_one(
        self, user_client: AsyncClient, database: Database, post: PostDetail
    ) -> None:
        url, key = f"{API}/posts/{post.id}/comments", {"Idempotency-Key": "once"}
        body = {"body": "Only once"}
        answers = await asyncio.gather(
            *(user_client.post(url, json=body, headers=key) for _ in range(5))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert len(await rows(database)) == 1
