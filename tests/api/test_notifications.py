"""Mail about comments: who gets which, and how people choose."""

import httpx2
import pytest
from fastapi import FastAPI
from tests.factories.clients import make_client
from tests.factories.notifications import GUEST, hold, jobs_left, make_account, say, show, told
from tests.factories.posts import make_post
from tests.factories.users import change_users, make_access_token
from tests.factories.waiting_mail import mails

from portfolio.core.errors import ConflictException
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.notifications import Delivery
from portfolio.models.users import Role, User
from portfolio.wiring import Services

CHOICES = "/api/v1/me/notifications"
NEW, REPLY, WAITS = ["new_comment"], ["new_reply"], ["comment_waits"]
# Who writes, whose comment it answers, who lets it be shown; and who gets what.
WHO_GETS_WHAT = [
    ("ada", None, None, {"owner": NEW}),
    ("guest", None, None, {"owner": NEW}),
    ("owner", None, None, {}),
    ("ada", None, "owner", {}),
    ("ada", None, "editor", {"owner": NEW}),
    ("ada", "guest", None, {"owner": NEW, "guest": REPLY}),
    ("ada", "guest", "owner", {"guest": REPLY}),
    ("ada", "owner", None, {"owner": REPLY}),
    ("ada", "ada", None, {"owner": NEW}),
    ("guest", "ada", None, {"owner": NEW, "ada": REPLY}),
    ("guest", "guest", None, {"owner": NEW}),
    ("owner", "guest", None, {"guest": REPLY}),
    ("owner", "ada", None, {"ada": REPLY}),
]


@pytest.fixture
async def people(mailing: Services) -> dict[str, User | None]:
    return {
        "owner": await make_account(mailing, "owner", Role.ADMIN),
        "editor": await make_account(mailing, "editor", Role.ADMIN),
        "ada": await make_account(mailing, "ada"),
        "guest": None,
    }


@pytest.fixture
def owner(people: dict[str, User | None]) -> User:
    user = people["owner"]
    assert user is not None
    return user


@pytest.fixture
def ada(people: dict[str, User | None]) -> User:
    user = people["ada"]
    assert user is not None
    return user


@pytest.fixture
async def post(mailing: Services, owner: User) -> int:
    return (await make_post(mailing, owner, "Hello world")).id


async def choose(services: Services, email: str, delivery: Delivery) -> None:
    async with services.database.transaction() as db:
        await services.mail_choices.choose(db, email, delivery)


async def rewrite(services: Services, comment: Comment, status: CommentStatus) -> None:
    async with services.database.transaction() as db:
        comment.status = status
        await db.merge(comment)


class TestShown:
    @pytest.mark.parametrize(("writer", "answered", "shower", "expected"), WHO_GETS_WHAT)
    async def test_is_told_to_whom_it_concerns(
        self,
        mailing: Services,
        people: dict[str, User | None],
        post: int,
        writer: str,
        answered: str | None,
        shower: str | None,
        expected: dict[str, list[str]],
    ) -> None:
        parent = await say(mailing, post, people[answered]) if answered else None
        comment = await say(mailing, post, people[writer], parent=parent)
        await show(mailing, comment, people[shower or writer])
        assert await told(mailing) == expected

    async def test_is_told_once_however_often_it_is_said(
        self, mailing: Services, post: int, ada: User, owner: User
    ) -> None:
        comment = await say(mailing, post, ada)
        await show(mailing, comment)
        await show(mailing, comment)
        assert await told(mailing) == {"owner": NEW}
        # Hidden for a while, and shown again.
        await show(mailing, comment, owner)
        assert await told(mailing) == {"owner": NEW}

    @pytest.mark.parametrize(
        "parent",
        [{"confirmed_at": None}, {"status": CommentStatus.PENDING}],
        ids=["unconfirmed", "not approved"],
    )
    async def test_is_not_told_to_a_guest_before_approval(
        self, mailing: Services, post: int, ada: User, parent: dict[str, object]
    ) -> None:
        answered = await say(mailing, post, **parent)  # type: ignore[arg-type]  # as they come
        await show(mailing, await say(mailing, post, ada, parent=answered))
        assert await told(mailing) == {"owner": NEW}

    async def test_is_not_told_to_accounts_that_are_closed_or_were_never_opened(
        self, mailing: Services, post: int, ada: User, owner: User
    ) -> None:
        await change_users(mailing.database, owner, is_active=False)
        await change_users(mailing.database, ada, email_verified_at=None)
        answered = await say(mailing, post, ada)
        await show(mailing, await say(mailing, post, parent=answered))
        assert await told(mailing) == {}

    async def test_is_not_told_once_it_is_hidden_again(
        self, mailing: Services, post: int, ada: User
    ) -> None:
        comment = await say(mailing, post, ada)
        await show(mailing, comment)
        await rewrite(mailing, comment, CommentStatus.SPAM)
        assert await told(mailing) == {}

    async def test_leaves_nothing_of_a_transaction_that_fails(
        self, mailing: Services, post: int, ada: User
    ) -> None:
        comment = await say(mailing, post, ada)

        async def fail() -> None:
            async with mailing.database.transaction() as db:
                await mailing.notifications.shown(db, comment)
                raise ConflictException

        with pytest.raises(ConflictException):
            await fail()
        assert await jobs_left(mailing) == 0

    async def test_leaves_nothing_to_do_where_no_mail_is_sent(
        self, services: Services, admin: User
    ) -> None:
        post = await make_post(services, admin)
        await show(services, await say(services, post.id))
        await hold(services, await say(services, post.id, status=CommentStatus.PENDING))
        assert await jobs_left(services) == 0

    async def test_quotes_the_text_without_its_markup(
        self, mailing: Services, post: int, ada: User
    ) -> None:
        html = '<p>One <strong>bold</strong> word<br>and <a href="https://x.example">a link</a></p>'
        await show(mailing, await say(mailing, post, ada, html=html))
        (mail,) = await mails(mailing)
        thread = mail["content"]["thread"]
        assert (thread["kind"], thread["slug"]) == ("posts", "hello-world")
        (quote,) = thread["quotes"]
        assert quote["author"] == "Ada"
        assert quote["lines"] == ["One bold word", "and a link"]


class TestWaits:
    async def test_is_told_to_all_who_moderate(
        self, mailing: Services, post: int, ada: User
    ) -> None:
        comment = await say(
            mailing, post, ada, status=CommentStatus.PENDING, reasons=["links", "reported"]
        )
        await hold(mailing, comment)
        assert await told(mailing) == {"owner": WAITS, "editor": WAITS}
        reasons = (await mails(mailing))[0]["content"]["reasons"]
        assert reasons == ["It has more links than are let through.", "Readers reported it."]

    async def test_is_not_told_once_somebody_has_decided(
        self, mailing: Services, post: int, ada: User
    ) -> None:
        comment = await say(mailing, post, ada, status=CommentStatus.PENDING)
        await hold(mailing, comment)
        await rewrite(mailing, comment, CommentStatus.REJECTED)
        assert await told(mailing) == {}

    async def test_has_the_same_message_id_when_its_job_is_done_twice(
        self, mailing: Services, post: int, ada: User
    ) -> None:
        comment = await say(mailing, post, ada, status=CommentStatus.PENDING)
        payload = {
            "comment_id": comment.id,
            "news": "waits",
            "actor_id": None,
            "key": "0b7e5ad6-3c0e-4f0e-8d21-5f0f4c9a5d11",
        }
        for _ in range(2):
            await mailing.outbox._topics["comment_notifications"][0](payload)
        ids = [mail["message_id"] for mail in await mails(mailing)]
        assert len(ids) == 4
        assert len(set(ids)) == 2


class TestConfirm:
    async def test_mails_nothing_but_a_link_and_only_so_often(
        self, mailing: Services, post: int
    ) -> None:
        comment = await say(mailing, post, status=CommentStatus.PENDING, confirmed_at=None)
        async with mailing.database.transaction() as db:
            await mailing.notifications.confirm(db, comment, "t0ken", comment.created_at)
        (mail,) = await mails(mailing)
        assert (mail["to"], mail["template"]) == (GUEST, "confirm_comment")
        assert mail["content"].keys() == {"token", "expires_at"}


class TestChoices:
    async def test_are_for_people_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get(CHOICES)).status_code == 401
        assert (await client.patch(CHOICES, json={"delivery": "off"})).status_code == 401

    async def test_are_instant_until_something_else_is_chosen(
        self, user_client: httpx2.AsyncClient
    ) -> None:
        assert (await user_client.get(CHOICES)).json() == {"delivery": "instant"}
        for delivery in ("daily", "off"):
            changed = await user_client.patch(CHOICES, json={"delivery": delivery})
            assert changed.json() == {"delivery": delivery}
            assert (await user_client.get(CHOICES)).json() == {"delivery": delivery}

    @pytest.mark.parametrize("body", [{}, {"delivery": "hourly"}, {"delivery": None}])
    async def test_refuse_what_they_do_not_know(
        self, user_client: httpx2.AsyncClient, body: dict[str, object]
    ) -> None:
        answer = await user_client.patch(CHOICES, json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "delivery"

    async def test_decide_whether_mail_is_sent_at_once(
        self, mailing: Services, post: int, ada: User, owner: User
    ) -> None:
        answered = await say(mailing, post)
        await choose(mailing, owner.email, Delivery.DAILY)
        await choose(mailing, GUEST, Delivery.OFF)
        await show(mailing, await say(mailing, post, ada, parent=answered))
        assert await told(mailing) == {}

    async def test_move_with_the_account_to_its_new_address(
        self, app: FastAPI, services: Services, user: User
    ) -> None:
        await choose(services, user.email, Delivery.DAILY)
        async with make_client(app, await make_access_token(services, user)) as reader:
            await reader.put("/api/v1/me/email", json={"email": "new@example.com"})
            assert (await reader.get(CHOICES)).json() == {"delivery": "daily"}
        async with services.database.reading() as db:
            assert await services.mail_choices.of(db, user.email) is Delivery.INSTANT

    async def test_of_the_new_address_stay_as_they_are(
        self, app: FastAPI, services: Services, user: User
    ) -> None:
        await choose(services, user.email, Delivery.DAILY)
        await choose(services, "new@example.com", Delivery.OFF)
        async with make_client(app, await make_access_token(services, user)) as reader:
            await reader.put("/api/v1/me/email", json={"email": "new@example.com"})
            assert (await reader.get(CHOICES)).json() == {"delivery": "off"}

    @pytest.mark.requirement("83")
    async def test_are_exported_and_go_with_the_account(
        self, services: Services, user: User, user_client: httpx2.AsyncClient
    ) -> None:
        await choose(services, user.email, Delivery.OFF)
        parts = (await user_client.post("/api/v1/me/export")).json()["parts"]
        assert [row["delivery"] for row in parts["mail_choices"]] == ["off"]
        assert (await user_client.delete("/api/v1/me")).status_code == 204
        async with services.database.reading() as db:
            assert await services.mail_choices.of(db, user.email) is Delivery.INSTANT
