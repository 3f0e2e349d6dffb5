"""What visitors wrote, as the owner reads it, sorts it and answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import select
from tests.factories.audit import trail
from tests.factories.letters import INBOX, LETTER, inbox, newest, write
from tests.factories.waiting_mail import mails, received
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.contact import ContactMessage, ContactReply
from portfolio.models.users import User
from portfolio.wiring import Services

REPLY = {"body": "Dear Ada,\r\n\r\nof course."}


async def rows(database: Database, model: type[Any]) -> list[Any]:
    async with database.reading() as db:
        return list(await db.scalars(select(model)))


@pytest.fixture
async def message(client: AsyncClient, admin_client: AsyncClient) -> str:
    """The address of one that has just come."""
    await write(client)
    return await newest(admin_client)


class TestInbox:
    async def test_is_for_admins_whatever_is_there(
        self, client: AsyncClient, user_client: AsyncClient, message: str
    ) -> None:
        asks: list[Callable[[AsyncClient, str], Any]] = [
            lambda who, url: who.get(url),
            lambda who, url: who.patch(url, json={"state": "read"}),
            lambda who, url: who.delete(url),
            lambda who, url: who.post(f"{url}/reply", json=REPLY),
        ]
        for ask in asks:
            for url in (message, f"{INBOX}/999999"):
                assert (await ask(client, url)).status_code == 401
                answer: Response = await ask(user_client, url)
                assert answer.status_code == 403
                assert "Ada" not in answer.text

    async def test_shows_the_newest_first_without_their_bodies(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        for number in range(3):
            await write(client, subject=f"{number}", message="word " * 1000)
        first = (await admin_client.get(f"{INBOX}?limit=2")).json()
        assert [each["subject"] for each in first["items"]] == ["2", "1"]
        assert first["total"] == 3
        assert len(first["items"][0]["excerpt"]) == 300
        assert "message" not in first["items"][0]
        rest = await inbox(admin_client, f"?cursor={first['next_cursor']}")
        assert [each["subject"] for each in rest] == ["0"]

    async def test_can_be_asked_for_a_state(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        await write(client, subject="Old")
        await admin_client.patch(await newest(admin_client), json={"state": "archived"})
        await write(client, subject="New")
        await write(client, subject="Spam", subtitle="x")

        async def subjects(query: str) -> list[str]:
            return [each["subject"] for each in await inbox(admin_client, query)]

        assert await subjects("") == ["Spam", "New", "Old"]
        assert await subjects("?state=spam") == ["Spam"]
        assert await subjects("?unread=true") == ["New"]
        assert await subjects("?unread=false&state=archived") == ["Old"]
        assert (await admin_client.get(f"{INBOX}?state=lost")).status_code == 422
        assert (await admin_client.get("/api/v1/stats")).json()["new_messages"] == 1


class TestRead:
    async def test_shows_all_and_changes_nothing(
        self, admin_client: AsyncClient, message: str
    ) -> None:
        first = await admin_client.get(message)
        assert first.json().items() >= LETTER.items()
        assert first.json()["client"] == "127.0.0.1"
        assert first.json()["replies"] == []
        assert first.headers["Cache-Control"] == "private, no-store"
        again = await admin_client.get(message)
        assert again.json()["state"] == "new"
        assert again.headers["ETag"] == first.headers["ETag"]

    async def test_finds_nothing_where_nothing_is(self, admin_client: AsyncClient) -> None:
        assert (await admin_client.get(f"{INBOX}/999999")).status_code == 404


class TestUpdate:
    async def test_moves_it_and_leaves_a_trace(
        self, admin_client: AsyncClient, admin: User, message: str, database: Database
    ) -> None:
        answer = await admin_client.patch(message, json={"state": "read"})
        assert answer.status_code == 200
        assert answer.json()["state"] == "read"
        await admin_client.patch(message, json={"state": "read"})
        await admin_client.patch(message, json={})
        entries = [each for each in await trail(database) if each.target_type == "contact"]
        assert [(each.action, each.actor_id, each.changes) for each in entries] == [
            (
                "contact:updated",
                admin.id,
                {"before": {"state": "new"}, "after": {"state": "read"}},
            )
        ]

    @pytest.mark.requirement("99")
    async def test_overwrites_nothing_unseen(self, admin_client: AsyncClient, message: str) -> None:
        seen = {"If-Match": (await admin_client.get(message)).headers["ETag"]}
        moved = await admin_client.patch(message, json={"state": "spam"}, headers=seen)
        assert moved.status_code == 200
        for late in (
            await admin_client.patch(message, json={"state": "read"}, headers=seen),
            await admin_client.delete(message, headers=seen),
        ):
            assert late.status_code == 412
        seen = {"If-Match": moved.headers["ETag"]}
        assert (await admin_client.delete(message, headers=seen)).status_code == 204

    @pytest.mark.parametrize(
        "changes",
        [{"state": "replied"}, {"state": None}, {"state": "lost"}, {"message": "Hello"}],
    )
    async def test_is_of_the_state_only(
        self, admin_client: AsyncClient, message: str, changes: dict[str, Any]
    ) -> None:
        assert (await admin_client.patch(message, json=changes)).status_code == 422
        assert (await admin_client.get(message)).json()["state"] == "new"

    async def test_teaches_the_filter_what_is_spam(
        self, admin_client: AsyncClient, message: str, database: Database
    ) -> None:
        learned = []
        for state in ("read", "spam", "archived"):
            await admin_client.patch(message, json={"state": state})
            learned += [row.learned_as for row in await rows(database, ContactMessage)]
        assert learned == [None, True, False]


class TestReply:
    async def test_is_mailed_to_who_wrote_and_kept(
        self,
        admin_client: AsyncClient,
        admin: User,
        message: str,
        services: Services,
        database: Database,
    ) -> None:
        answer = await admin_client.post(f"{message}/reply", json=REPLY)
        assert answer.status_code == 201
        assert answer.headers["Location"] == message
        assert answer.json()["body"] == "Dear Ada,\n\nof course."
        shown = (await admin_client.get(message)).json()
        assert shown["state"] == "replied"
        assert shown["replies"] == [answer.json()]
        assert shown["replies"][0]["author_id"] == admin.id
        (mail,) = [each for each in await mails(services) if each["to"] == LETTER["email"]]
        assert (mail["template"], mail["reply_to"]) == ("contact_replied", admin.email)
        assert mail["content"]["topic"] == LETTER["subject"]
        assert [each.action for each in await trail(database)][-1] == "contact:replied"

    @pytest.mark.requirement("98")
    async def test_goes_out_once_for_one_key(
        self, admin_client: AsyncClient, message: str, services: Services
    ) -> None:
        headers = {"Idempotency-Key": "one-and-the-same"}
        for _ in range(2):
            answer = await admin_client.post(f"{message}/reply", json=REPLY, headers=headers)
            assert answer.status_code == 201
        assert len(await received(services, LETTER["email"])) == 1
        assert len((await admin_client.get(message)).json()["replies"]) == 1

    async def test_says_that_it_was_no_spam(
        self, client: AsyncClient, admin_client: AsyncClient, database: Database
    ) -> None:
        await write(client, subtitle="x")
        await admin_client.post(f"{await newest(admin_client)}/reply", json=REPLY)
        (row,) = await rows(database, ContactMessage)
        assert (row.state, row.learned_as) == ("replied", False)

    @pytest.mark.parametrize("body", ["", " \n ", "x" * 10_001, None])
    async def test_has_words(
        self, admin_client: AsyncClient, message: str, body: str | None
    ) -> None:
        answer = await admin_client.post(f"{message}/reply", json={"body": body})
        assert answer.status_code == 422

    async def test_needs_something_to_reply_to(self, admin_client: AsyncClient) -> None:
        answer = await admin_client.post(f"{INBOX}/999999/reply", json=REPLY)
        assert answer.status_code == 404


class TestDelete:
    async def test_leaves_no_word_of_it(
        self, admin_client: AsyncClient, message: str, database: Database
    ) -> None:
        await admin_client.post(f"{message}/reply", json=REPLY)
        assert (await admin_client.delete(message)).status_code == 204
        assert (await admin_client.get(message)).status_code == 404
        assert (await admin_client.delete(message)).status_code == 404
        assert await rows(database, ContactMessage) == []
        assert await rows(database, ContactReply) == []
        last = (await trail(database))[-1]
        assert last.action == "contact:deleted"
        assert "Ada" not in str(last.changes)


@pytest.mark.requirement("83")
class TestRetention:
    async def test_forgets_where_it_came_from_after_90_days_and_all_after_a_year(
        self, admin_client: AsyncClient, message: str, services: Services, database: Database
    ) -> None:
        await admin_client.post(f"{message}/reply", json=REPLY)
        now, kept = utc_now(), []
        for days in (89, 91, 364, 366):
            with travel(now + timedelta(days=days), tick=False):
                await services.contact.forget()
            kept.append([(row.client, row.agent) for row in await rows(database, ContactMessage)])
        known = kept[0][0]
        assert known[0] == "127.0.0.1"
        assert known[1]
        assert kept[1:] == [[(None, None)], [(None, None)], []]
        assert await rows(database, ContactReply) == []
