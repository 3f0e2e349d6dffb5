"""Writing to the owner: what is kept, who hears of it, and what is refused."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select
from tests.factories.letters import LETTER, URL, inbox, somebody, write
from tests.factories.users import bearing
from tests.factories.waiting_mail import mails, received

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.live import Audience, LiveEvent, LiveType
from portfolio.models.users import User
from portfolio.wiring import Services

OWNER = "inbox@example.org"  # of writing_app
# Whatever some program takes for the end of a line, or of a text.
ENDS = ["\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x1b", "\x85", "\u2028", "\u2029", "\t", "\x7f"]
SMUGGLED = [
    *(f"Hello{end}Bcc: eve@example.net" for end in ENDS),
    "Bcc: eve@example.net\r\n\r\nBuy",
    "\r\nBcc: eve@example.net",
    "Hello\r\n",
    "\nHello",
    "Hello\r\n.\r\nMAIL FROM:<eve@example.net>",
    "Hello\r\nContent-Type: text/html\r\n\r\n<b>Buy</b>",
    "=?utf-8?q?Hello?=\r\n Bcc: eve@example.net",
    "Hello\u2028Bcc: eve@example.net\u2029",
    # No line, but words that read as others, or as none.
    "\u202egnp.exe",
    "\u200b",
]
OTHER_ADDRESSES = [
    "ada@example.com, eve@example.net",
    "ada@example.com;eve@example.net",
    "ada@example.com eve@example.net",
    "Eve <eve@example.net>",
    "<ada@example.com>",
    '"ada@example.com"@example.net',
    "ada@example.com>\r\nRCPT TO:<eve@example.net",
    "ada@example.com\r\nBcc: eve@example.net",
    "ada@example.com%0d%0aBcc: eve@example.net",
    "ada(eve@example.net)@example.com",
    "@example.net:ada@example.com",
    "ada@[127.0.0.1]",
    "ada@example.com\u2028",
    f"{'a' * 65}@example.com",
    "ada",
    "ada@",
    "",
]


async def events(database: Database) -> list[LiveEvent]:
    async with database.reading() as db:
        return list(await db.scalars(select(LiveEvent).order_by(LiveEvent.id)))


async def refused_fields(client: AsyncClient, changes: Mapping[str, Any]) -> list[str]:
    answer = await write(client, **changes)
    assert answer.status_code == 422, changes
    return [error["field"] for error in answer.json()["errors"]]


class TestSendMessage:
    async def test_is_kept_and_mailed_to_the_owner_once(
        self, client: AsyncClient, admin_client: AsyncClient, admin: User, services: Services
    ) -> None:
        answer = await write(client)
        assert answer.status_code == 202
        assert answer.json() == {"detail": "Thank you: your message has arrived"}
        assert answer.headers["Cache-Control"] == "no-store"
        (kept,) = await inbox(admin_client)
        assert (kept["name"], kept["email"], kept["state"]) == (
            "Ada Lovelace",
            "ada@example.com",
            "new",
        )
        (mail,) = await mails(services)
        assert (mail["template"], mail["to"]) == ("contact_received", admin.email)
        assert mail["reply_to"] == "ada@example.com"
        assert mail["content"]["message"] == LETTER["message"]

    async def test_is_told_to_those_who_run_the_site(
        self, client: AsyncClient, admin_client: AsyncClient, database: Database
    ) -> None:
        await write(client)
        (event,) = await events(database)
        assert (event.topic, event.type) == ("contact", LiveType.CONTACT_RECEIVED)
        assert event.audience is Audience.MODERATORS
        assert event.data == (await inbox(admin_client))[0]

    async def test_waits_where_there_is_nobody_to_mail(
        self, client: AsyncClient, services: Services
    ) -> None:
        assert (await write(client)).status_code == 202
        assert await mails(services) == []

    async def test_needs_no_account_and_minds_no_old_token(self, client: AsyncClient) -> None:
        headers = bearing("a.token.of.yesterday")
        assert (await client.post(URL, json=LETTER, headers=headers)).status_code == 202

    async def test_takes_what_just_fits(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        lines = "é\r\n" * 5000  # counted as people count them
        answer = await write(client, name="n" * 100, subject="s" * 200, message=lines)
        assert answer.status_code == 202
        (kept,) = await inbox(admin_client)
        assert len(kept["excerpt"]) == 300

    async def test_goes_where_the_settings_say_with_a_receipt_that_says_nothing(
        self, writing_app: FastAPI, writing: Services, admin: User
    ) -> None:
        async with somebody(writing_app) as client:
            await write(client, email="Grace@Example.com")
        told, receipt = await mails(writing)
        assert told["to"] == OWNER
        assert (receipt["template"], receipt["to"]) == ("contact_receipt", "grace@example.com")
        assert receipt["content"] == {"expires_at": None}
        assert receipt["reply_to"] is None

    async def test_acknowledges_to_one_address_a_few_times_only(
        self, writing_app: FastAPI, writing: Services
    ) -> None:
        async with somebody(writing_app) as client:
            answers = [await write(client, email="victim@example.com") for _ in range(3)]
        assert {answer.status_code for answer in answers} == {202}
        sent = [mail for mail in await mails(writing) if mail["to"] == "victim@example.com"]
        assert len(sent) == 2

    async def test_names_no_address_for_replies_that_few_programs_understand(
        self, client: AsyncClient, admin: User, services: Services
    ) -> None:
        await write(client, email="jürgen@example.com")
        (mail,) = await mails(services)
        assert mail["reply_to"] is None
        assert mail["content"]["email"] == "jürgen@example.com"


class TestRefusal:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "  "}, "name"),
            ({"name": "n" * 101}, "name"),
            ({"subject": ""}, "subject"),
            ({"subject": "s" * 201}, "subject"),
            ({"message": " \n "}, "message"),
            ({"message": "m" * 10_001}, "message"),
            ({"message": None}, "message"),
            ({"shown_at": "yesterday"}, "shown_at"),
            ({"state": "read"}, "state"),
            ({"to": "eve@example.net"}, "to"),
            ({"redirect": "https://example.com/"}, "redirect"),
        ],
    )
    async def test_names_the_field(
        self, client: AsyncClient, changes: dict[str, Any], field: str
    ) -> None:
        assert await refused_fields(client, changes) == [field]

    async def test_names_all_that_is_missing(self, client: AsyncClient) -> None:
        answer = await client.post(URL, json={})
        found = {error["field"] for error in answer.json()["errors"]}
        assert found == {"name", "email", "subject", "message"}

    @pytest.mark.requirement("49")
    async def test_lets_nothing_into_a_header(
        self, client: AsyncClient, admin_client: AsyncClient, services: Services
    ) -> None:
        for field in ("name", "subject", "email"):
            for text in SMUGGLED:
                assert await refused_fields(client, {field: text}) == [field], (field, text)
        for text in OTHER_ADDRESSES:
            assert await refused_fields(client, {"email": text}) == ["email"], text
        assert await inbox(admin_client) == []
        assert await mails(services) == []

    @pytest.mark.requirement("45")
    async def test_is_of_any_other_kind_of_body(self, client: AsyncClient) -> None:
        for kind in ("text/plain", "application/xml", ""):
            answer = await client.post(URL, content=b"name=Ada", headers={"Content-Type": kind})
            assert answer.status_code == 415, kind

    @pytest.mark.requirement("17")
    async def test_comes_after_three_in_an_hour_but_does_not_count_what_was_wrong(
        self, writing_app: FastAPI, writing: Services
    ) -> None:
        async with somebody(writing_app) as client:
            for _ in range(4):
                assert (await write(client, email="ada")).status_code == 422
            for number in range(3):
                assert (await write(client, subject=f"{number}")).status_code == 202
            answer = await write(client, subject="4")
        assert answer.status_code == 429
        assert answer.json()["code"] == "rate_limited"
        assert 0 < int(answer.headers["Retry-After"]) <= 3600
        assert len(await received(writing, OWNER)) == 3
        async with somebody(writing_app) as another:
            assert (await write(another)).status_code == 202


@pytest.mark.requirement("49")
class TestProgram:
    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            (lambda: {"subtitle": "Cheap watches"}, "honeypot"),
            (lambda: {"shown_at": utc_now().isoformat()}, "too_fast"),
        ],
    )
    async def test_gets_the_same_answer_and_is_heard_by_nobody(
        self,
        writing_app: FastAPI,
        writing: Services,
        admin_client: AsyncClient,
        given: Callable[[], dict[str, str]],
        reason: str,
    ) -> None:
        async with somebody(writing_app) as client:
            caught, taken = await write(client, **given()), await write(client, subject="Other")
        assert caught.status_code == taken.status_code == 202
        assert caught.content == taken.content
        (kept,) = await inbox(admin_client, "?state=spam")
        assert [each["code"] for each in kept["reasons"]] == [reason]
        assert kept["reasons"][0]["text"].endswith(".")
        assert len(await received(writing, OWNER)) == 1
        assert await received(writing, LETTER["email"]) in ([], ["contact_receipt"])
        assert [event.data["subject"] for event in await events(writing.database)] == ["Other"]

    async def test_is_not_taken_for_one_who_took_their_time(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        shown_at = utc_now() - timedelta(minutes=1)
        await write(client, shown_at=shown_at.isoformat(), subtitle="")
        assert [kept["state"] for kept in await inbox(admin_client)] == ["new"]


@pytest.mark.requirement("98")
class TestIdempotencyKey:
    async def test_makes_many_attempts_one_message(
        self, writing_app: FastAPI, writing: Services, admin_client: AsyncClient
    ) -> None:
        headers = {"Idempotency-Key": "one-and-the-same"}
        async with somebody(writing_app) as client:
            answers = await asyncio.gather(
                *(client.post(URL, json=LETTER, headers=headers) for _ in range(10))
            )
            other = await client.post(URL, json=LETTER | {"name": "Eve"}, headers=headers)
        # More than the limit: what is repeated does not count.
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        assert len(await inbox(admin_client)) == 1
        assert await received(writing, OWNER) == ["contact_received"]
        assert other.status_code == 422

    async def test_of_one_visitor_is_nothing_to_another(
        self, writing_app: FastAPI, writing: Services, admin_client: AsyncClient
    ) -> None:
        headers = {"Idempotency-Key": "one-and-the-same"}
        for _ in range(2):
            async with somebody(writing_app) as client:
                await client.post(URL, json=LETTER, headers=headers)
        assert len(await inbox(admin_client)) == 2
