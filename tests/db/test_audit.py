"""What the trail holds, and that nobody takes anything out of it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.factories.audit import ask_from, audit, chain, record, seal, trail
from tests.factories.lines import captured

from portfolio.core.clock import utc_now
from portfolio.core.errors import AppError, ConflictException, InvalidCredentialsException
from portfolio.core.events import EventBus
from portfolio.db.session import Database
from portfolio.models.audit import Action, AuditEntry
from portfolio.services.audit import AuditRecorded, log_recorded

COPY = "INSERT INTO audit_entries ({0}) SELECT {0} FROM audit_entries"
REPLACE = "REPLACE INTO {0} SELECT * FROM {0}"


async def changes_of(database: Database, **given: Any) -> Any:
    await record(database, 1, **given)
    (entry,) = await trail(database)
    return entry.changes


async def record_and_raise(database: Database, error: AppError) -> None:
    async with database.transaction() as db:
        await audit.record(db, Action.AUTH_LOGIN_FAILED, target=("user", 7))
        raise error


@pytest.mark.requirement("81")
class TestRecord:
    async def test_tells_who_did_what_when_and_from_where(self, database: Database) -> None:
        ask_from("203.0.113.9", "Firefox", actor_id=7)
        began = utc_now()
        await record(database, 3)
        (entry,) = await trail(database)
        assert (entry.action, entry.actor_id) == ("post:updated", 7)
        assert (entry.target_type, entry.target_id) == ("post", 3)
        assert (entry.address, entry.agent) == ("203.0.113.9", "Firefox")
        assert entry.request_id == "req-1"
        assert timedelta() <= entry.created_at - began < timedelta(minutes=1)

    async def test_can_name_somebody_who_is_not_signed_in_yet(self, database: Database) -> None:
        ask_from("203.0.113.9")
        await record(database, 3, actor_id=9)
        (entry,) = await trail(database)
        assert entry.actor_id == 9

    async def test_has_no_address_for_commands(self, database: Database) -> None:
        await record(database, 3)
        (entry,) = await trail(database)
        assert (entry.origin, entry.address, entry.agent) == (None, None, None)

    async def test_leaves_nothing_of_a_transaction_that_fails(self, database: Database) -> None:
        with pytest.raises(ConflictException):
            await record_and_raise(database, ConflictException())
        assert await trail(database) == []

    async def test_stays_for_failures_that_must_be_remembered(self, database: Database) -> None:
        with pytest.raises(InvalidCredentialsException):
            await record_and_raise(database, InvalidCredentialsException())
        (entry,) = await trail(database)
        assert entry.action == "auth:login_failed"

    async def test_takes_whatever_a_browser_calls_itself(self, database: Database) -> None:
        ask_from("2001:db8::1%" + "e" * 100, "\0Brow\u00fcser\x1b[2J " + "x" * 600)
        await record(database, 3)
        (entry,) = await trail(database)
        assert entry.agent is not None
        assert entry.agent.startswith("Brow\u00fcser\x1b[2J x")


class TestChanges:
    async def test_are_what_differs(self, database: Database) -> None:
        before = {"title": "One", "slug": "same", "summary": None}
        after = {"title": "Two", "slug": "same", "featured": True}
        assert await changes_of(database, before=before, after=after) == {
            "before": {"title": "One", "summary": None},
            "after": {"title": "Two", "featured": True},
        }

    async def test_may_be_none(self, database: Database) -> None:
        assert await changes_of(database, before={"slug": "same"}, after={"slug": "same"}) == {}

    async def test_of_something_new_are_all_of_it(self, database: Database) -> None:
        assert await changes_of(database, after={"title": "One"}) == {"after": {"title": "One"}}

    async def test_keep_values_that_json_does_not_know(self, database: Database) -> None:
        at = utc_now()
        found = await changes_of(database, after={"at": at, "action": Action.AUTH_LOGIN, "by": {1}})
        assert found == {"after": {"at": at.isoformat(), "action": "auth:login", "by": "{1}"}}

    @pytest.mark.requirement("79")
    async def test_hold_no_secret(self, database: Database) -> None:
        secrets = {
            "password": "open-sesame",
            "password_hash": "open-sesame",
            "refresh_token": "open-sesame",
            "totp_seed": "open-sesame",
            "recovery_codes": ["open-sesame"],
            "note": "sent https://x.example/reset?token=open-sesame",
            "nested": {"secret": "open-sesame", "list": [{"api_key": "open-sesame"}]},
        }
        found = await changes_of(database, before={"password": "open-sesame-1"}, after=secrets)
        assert "sesame" not in str(found)
        assert found["before"] == {"password": "***"}

    @pytest.mark.requirement("83")
    async def test_hold_no_mail_address(self, database: Database) -> None:
        found = await changes_of(
            database,
            before={"email": "ada.lovelace+x@mail.example.com"},
            after={"email": "a@b.example", "to": ["Ada <ada@example.com>, grace@example.org"]},
        )
        assert found == {
            "before": {"email": "a***@mail.example.com"},
            "after": {
                "email": "a***@b.example",
                "to": ["Ada <a***@example.com>, g***@example.org"],
            },
        }

    async def test_are_cut_where_a_text_is_long(self, database: Database) -> None:
        found = await changes_of(database, after={"body": "x" * 100_000})
        assert len(found["after"]["body"]) == 501


@pytest.mark.requirement("78")
class TestLog:
    async def test_has_a_line_once_it_is_committed(self, here: Database, bus: EventBus) -> None:
        bus.subscribe(AuditRecorded, log_recorded)
        with captured() as lines:
            await record(here, 3, actor_id=7)
            with pytest.raises(InvalidCredentialsException):
                await record_and_raise(here, InvalidCredentialsException())
            with pytest.raises(ConflictException):
                await record_and_raise(here, ConflictException())
        assert lines == [
            {
                "event": "post:updated",
                "log_level": "info",
                "result": "success",
                "actor": 7,
                "target": "post:3",
            },
            {
                "event": "auth:login_failed",
                "log_level": "warning",
                "result": "failure",
                "target": "user:7",
            },
        ]


@pytest.mark.requirement("81")
class TestDatabase:
    """Whoever gets at it with the server's own login."""

    @pytest.fixture(autouse=True)
    async def something(self, database: Database) -> None:
        await record(database, 1, 2)
        await seal(database)

    @pytest.mark.parametrize("table", ["audit_entries", "audit_seals"])
    @pytest.mark.parametrize("change", ["UPDATE {} SET digest = 'x'", "DELETE FROM {}"])
    async def test_refuses_to_change_what_is_written(
        self, database: Database, table: str, change: str
    ) -> None:
        await refused(database, change.format(table))

    @pytest.mark.parametrize("number", ["id, ", ""])
    async def test_refuses_a_copy(self, database: Database, number: str) -> None:
        names = [column.key for column in AuditEntry.__table__.columns if column.key != "id"]
        columns = number + ", ".join(names)
        await refused(database, COPY.format(columns))

    @pytest.mark.parametrize("table", ["audit_entries", "audit_seals"])
    async def test_refuses_to_replace_what_is_written(self, database: Database, table: str) -> None:
        if database.engines.write.dialect.name != "sqlite":
            pytest.skip("only SQLite has REPLACE")
        await refused(database, REPLACE.format(table))


async def refused(database: Database, statement: str) -> None:
    async def state() -> list[tuple[object, ...]]:
        return [
            *((entry.id, entry.digest) for entry in await trail(database)),
            *((link.sequence, link.digest) for link in await chain(database)),
        ]

    async def change() -> None:
        async with database.transaction() as db:
            await db.execute(text(statement))

    before = await state()
    with pytest.raises((ConflictException, DBAPIError)):
        await change()
    assert await state() == before
