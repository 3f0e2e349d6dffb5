"""One mail a day about comments: when, what is in it, and that there is only one."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update
from tests.factories.notifications import GUEST, make_account, say
from tests.factories.posts import make_post
from tests.factories.waiting_mail import mails

from portfolio.db.repositories.notifications import DigestRepository, NewsRepository
from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.notifications import Delivery, DigestItem, Occasion
from portfolio.models.posts import BlogPost
from portfolio.models.publications import Status
from portfolio.models.users import Role, User
from portfolio.services.notifications.digest import DailyDigest
from portfolio.wiring import Services

EVENING = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 22, 6, 59, tzinfo=UTC)
MORNING = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def owner(services: Services) -> User:
    return await make_account(services, "owner", Role.ADMIN)


@pytest.fixture
async def post(services: Services, owner: User) -> int:
    return (await make_post(services, owner, "Hello world")).id


@pytest.fixture
async def reader(services: Services) -> str:
    """An address that wants one mail a day."""
    async with services.database.transaction() as db:
        await services.mail_choices.choose(db, GUEST, Delivery.DAILY)
    return GUEST


def digest_of(services: Services, database: Database) -> DailyDigest:
    return DailyDigest(
        database,
        NewsRepository(),
        DigestRepository(),
        services.mail_choices,
        services.mail,
        hour=7,
        mails=True,
    )


@pytest.fixture
def digest(services: Services, here: Database) -> DailyDigest:
    return digest_of(services, here)


async def note(
    services: Services,
    comment: Comment,
    occasion: Occasion = Occasion.COMMENT,
    at: datetime = EVENING,
    email: str = GUEST,
) -> None:
    with time_machine.travel(at, tick=False):
        async with services.database.transaction() as db:
            await DigestRepository().add(db, comment.id, {email: occasion})


async def sent_at(digest: DailyDigest, moment: datetime) -> None:
    with time_machine.travel(moment, tick=False):
        await digest.send()


class TestSend:
    async def test_waits_for_its_hour_and_comes_once(
        self, services: Services, digest: DailyDigest, post: int, reader: str
    ) -> None:
        await note(services, await say(services, post))
        await sent_at(digest, NIGHT)
        assert await mails(services) == []
        await sent_at(digest, MORNING)
        await sent_at(digest, MORNING + timedelta(minutes=5))
        await sent_at(digest, MORNING + DAY)
        (mail,) = await mails(services)
        assert (mail["to"], mail["template"]) == (reader, "comment_digest")

    async def test_comes_late_where_nobody_was_there_in_time(
        self, services: Services, digest: DailyDigest, post: int, reader: str
    ) -> None:
        await note(services, await say(services, post))
        await sent_at(digest, MORNING + 3 * DAY + timedelta(hours=5))
        assert [mail["to"] for mail in await mails(services)] == [reader]

    async def test_leaves_for_tomorrow_what_came_after_its_hour(
        self, services: Services, digest: DailyDigest, post: int, reader: str
    ) -> None:
        await note(services, await say(services, post), at=MORNING + timedelta(hours=1))
        await sent_at(digest, MORNING + timedelta(hours=2))
        assert await mails(services) == []
        await sent_at(digest, MORNING + DAY)
        assert [mail["to"] for mail in await mails(services)] == [reader]

    async def test_puts_together_what_belongs_together(
        self, services: Services, digest: DailyDigest, owner: User, post: int, reader: str
    ) -> None:
        other = (await make_post(services, owner, "Another")).id
        for entity_id, html in ((post, "first"), (other, "second"), (post, "third")):
            await note(services, await say(services, entity_id, html=f"<p>{html}</p>"))
        await sent_at(digest, MORNING)
        (mail,) = await mails(services)
        assert [
            (thread["title"], [quote["lines"] for quote in thread["quotes"]])
            for thread in mail["content"]["threads"]
        ] == [("Hello world", [["first"], ["third"]]), ("Another", [["second"]])]

    async def test_says_how_many_it_has_no_room_for(
        self, services: Services, digest: DailyDigest, post: int, reader: str
    ) -> None:
        for _ in range(52):
            await note(services, await say(services, post))
        await sent_at(digest, MORNING)
        (mail,) = await mails(services)
        assert mail["content"]["more"] == 2
        assert len(mail["content"]["threads"][0]["quotes"]) == 50

    @pytest.mark.parametrize(
        ("occasion", "status"),
        [
            (Occasion.REPLY, CommentStatus.SPAM),
            (Occasion.COMMENT, CommentStatus.REJECTED),
            (Occasion.MODERATION, CommentStatus.APPROVED),
        ],
    )
    async def test_passes_over_what_is_past(
        self,
        services: Services,
        digest: DailyDigest,
        post: int,
        reader: str,
        occasion: Occasion,
        status: CommentStatus,
    ) -> None:
        await note(services, await say(services, post, status=status), occasion)
        gone = await say(services, post)
        await note(services, gone)
        async with services.database.transaction() as db:
            await db.delete(await db.merge(gone))
        await sent_at(digest, MORNING)
        assert await mails(services) == []

    async def test_tells_readers_of_nothing_that_is_no_longer_public(
        self, services: Services, digest: DailyDigest, post: int, reader: str
    ) -> None:
        await note(services, await say(services, post), Occasion.REPLY)
        async with services.database.transaction() as db:
            await db.execute(update(BlogPost).values(status=Status.ARCHIVED))
        await sent_at(digest, MORNING)
        assert await mails(services) == []

    async def test_is_ended_by_the_choice_to_have_none(
        self, services: Services, digest: DailyDigest, post: int, reader: str
    ) -> None:
        await note(services, await say(services, post))
        async with services.database.transaction() as db:
            await services.mail_choices.choose(db, reader, Delivery.OFF)
        # A job that was under way then.
        await note(services, await say(services, post))
        await sent_at(digest, MORNING)
        assert await mails(services) == []

    async def test_sends_one_mail_however_many_processes_do_it_at_once(
        self,
        services: Services,
        here: Database,
        other_process: Database,
        post: int,
        reader: str,
    ) -> None:
        for email in (reader, "ada@example.com", "bob@example.com"):
            await note(services, await say(services, post), email=email)
        digests = [digest_of(services, database) for database in (here, other_process) * 3]
        with time_machine.travel(MORNING, tick=False):
            await asyncio.gather(*(digest.send() for digest in digests))
        sent = sorted(mail["to"] for mail in await mails(services))
        assert sent == ["ada@example.com", "bob@example.com", reader]


class TestAdd:
    async def test_tells_of_a_comment_once_for_the_last_reason(
        self, services: Services, digest: DailyDigest, post: int, reader: str
    ) -> None:
        comment = await say(services, post)
        await note(services, comment, Occasion.MODERATION)
        await note(services, comment, Occasion.COMMENT)
        await sent_at(digest, MORNING)
        (mail,) = await mails(services)
        (quote,) = mail["content"]["threads"][0]["quotes"]
        assert quote["occasion"] == "comment"


class TestForget:
    @pytest.mark.requirement("83")
    async def test_leaves_nothing_that_is_older_than_a_month(
        self, services: Services, digest: DailyDigest, post: int
    ) -> None:
        for at in (MORNING - timedelta(days=31), MORNING - timedelta(days=29)):
            await note(services, await say(services, post), at=at)
        with time_machine.travel(MORNING, tick=False):
            await digest.forget()
        async with services.database.reading() as db:
            left = (await db.execute(DigestItem.__table__.select())).all()
        assert len(left) == 1
