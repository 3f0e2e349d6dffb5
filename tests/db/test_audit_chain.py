"""The chain over the trail: whatever is done to a row behind the server's back, it tells which."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.databases import unguarded
from tests.factories.audit import (
    ask_from,
    audit,
    chain,
    make_sealer,
    purge,
    record,
    seal,
    trail,
    verify,
)

from portfolio.core.errors import ConflictException
from portfolio.db.session import Database
from portfolio.models.audit import Action
from portfolio.services.audit import Verdict
from portfolio.wiring import Services

ALTER = "UPDATE {} SET {} WHERE {} = :first + 2"
pytestmark = pytest.mark.requirement("81")


async def tamper(database: Database, *statements: str) -> None:
    """As whoever owns the database can; `:first` is the number of the first entry."""
    first = (await trail(database))[0].id
    async with database.transaction() as db, unguarded(db):
        for statement in statements:
            await db.execute(text(statement), {"first": first})


@pytest.fixture
async def first(database: Database) -> int:
    """The number of the first of five entries, which are sealed and have an address."""
    ask_from("203.0.113.9")
    await record(database, 1, 2, 3, 4, 5)
    await seal(database)
    return (await trail(database))[0].id


class TestSeal:
    async def test_links_entries_in_their_order(self, database: Database, first: int) -> None:
        links = await chain(database)
        assert [link.sequence for link in links] == [1, 2, 3, 4, 5]
        assert [link.entry_id for link in links] == [entry.id for entry in await trail(database)]

    async def test_adds_to_what_is_there(self, database: Database, first: int) -> None:
        head = (await verify(database)).head
        await record(database, 6)
        assert (await verify(database)) == Verdict(5, head, unsealed=1)
        await seal(database)
        assert (await verify(database)).proven == 6

    async def test_of_nothing_is_nothing(self, database: Database) -> None:
        await seal(database)
        assert await verify(database) == Verdict()

    async def test_goes_on_with_what_was_committed_late(
        self, database: Database, other_process: Database
    ) -> None:
        if database.engines.write.dialect.name == "sqlite":
            pytest.skip("SQLite has one writer: what comes first is committed first")
        sealer = make_sealer(database)
        await sealer.seal()
        async with other_process.transaction() as slow:
            await audit.record(slow, Action.POST_UPDATED, target=("post", 1))
            await record(database, 2)
            await sealer.seal()
        await sealer.seal()
        late, early = await trail(database)
        assert [link.entry_id for link in await chain(database)] == [early.id, late.id]
        assert (await verify(database)).proven == 2

    async def test_does_more_than_one_batch(
        self, database: Database, first: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portfolio.services.audit.chain.BATCH", 2)
        await record(database, *range(5))
        assert (await verify(database)).unsealed == 5
        await seal(database)
        assert (await verify(database)).proven == 10

    async def test_follows_soon_after_the_commit(
        self, services: Services, database: Database
    ) -> None:
        async def sealed() -> None:
            while not await chain(database):  # noqa: ASYNC110 - the sealer tells nobody
                await asyncio.sleep(0.01)

        services.periodic.start()
        await asyncio.sleep(0)
        await record(database, 1)
        await asyncio.wait_for(sealed(), 10)
        await services.periodic.stop()

    async def test_is_left_to_another_who_is_just_at_it(
        self, database: Database, other_process: Database
    ) -> None:
        await record(database, 1, 2)
        async with other_process.transaction() as db:
            await make_sealer(other_process)._append(db)
            other = asyncio.create_task(seal(database))
            await asyncio.sleep(0.1)
        await asyncio.wait_for(other, 10)
        assert [link.sequence for link in await chain(database)] == [1, 2]
        assert (await verify(database)).proven == 2

    async def test_makes_one_chain_of_what_many_write_and_many_seal(
        self, services: Services, database: Database, other_process: Database
    ) -> None:
        async def write(number: int) -> None:
            place = (database, other_process)[number % 2]
            async with place.transaction() as db:
                await audit.record(db, Action.POST_UPDATED, target=("post", number))
                await asyncio.sleep(0)
                if number % 5 == 0:
                    raise ConflictException

        async def keep_sealing(place: Database) -> None:
            while len(await chain(place)) < 16:
                await seal(place)
                await asyncio.sleep(0.001)

        sealers = [keep_sealing(place) for place in (database, other_process, database)]
        await asyncio.wait_for(
            asyncio.gather(*map(write, range(20)), *sealers, return_exceptions=True), 60
        )
        assert {entry.target_id for entry in await trail(database)} == {
            number for number in range(20) if number % 5
        }
        verdict = await verify(database)
        assert (verdict.proven, verdict.unsealed, verdict.problem) == (16, 0, None)


class TestVerify:
    @pytest.mark.parametrize(
        "change",
        [
            "action = 'post:created'",
            "actor_id = 99",
            "target_type = 'project'",
            "target_id = 99",
            "request_id = 'req-2'",
            "changes = '{\"after\": 1}'",
            "created_at = (SELECT MAX(created_at) FROM audit_seals)",
            "origin_digest = 'x'",
            "digest = 'x'",
        ],
    )
    async def test_finds_an_entry_that_was_altered(
        self, database: Database, first: int, change: str
    ) -> None:
        await tamper(database, ALTER.format("audit_entries", change, "id"))
        verdict = await verify(database)
        assert verdict.proven == 2
        assert (
            verdict.problem == f"entry {first + 2} was altered, or was not written by this server"
        )

    @pytest.mark.parametrize("change", ["address = '::1'", "agent = 'x'", "salt = 'x'"])
    async def test_finds_an_origin_that_was_altered(
        self, database: Database, first: int, change: str
    ) -> None:
        await tamper(database, ALTER.format("audit_origins", change, "entry_id"))
        verdict = await verify(database)
        assert verdict.proven == 2
        assert verdict.problem == f"entry {first + 2} has an address or agent that was altered"

    async def test_finds_two_that_were_swapped(self, database: Database, first: int) -> None:
        await tamper(
            database,
            "DELETE FROM audit_origins",
            "UPDATE audit_seals SET entry_id = 0 WHERE entry_id = :first + 1",
            "UPDATE audit_seals SET entry_id = :first + 1 WHERE entry_id = :first + 3",
            "UPDATE audit_seals SET entry_id = :first + 3 WHERE entry_id = 0",
        )
        verdict = await verify(database)
        assert verdict.proven == 1
        assert verdict.problem == f"entry {first + 3} has a seal that does not follow (seal 2)"

    async def test_finds_an_entry_that_is_missing(self, database: Database, first: int) -> None:
        await tamper(
            database,
            "DELETE FROM audit_origins WHERE entry_id = :first + 2",
            "DELETE FROM audit_entries WHERE id = :first + 2",
        )
        verdict = await verify(database)
        assert verdict.proven == 2
        assert verdict.problem == f"entry {first + 2} is missing (seal 3)"

    async def test_finds_an_entry_that_is_missing_with_its_seal(
        self, database: Database, first: int
    ) -> None:
        await tamper(
            database,
            "DELETE FROM audit_origins",
            "DELETE FROM audit_entries WHERE id = :first + 2",
            "DELETE FROM audit_seals WHERE sequence = 3",
        )
        await seal(database)
        verdict = await verify(database)
        assert (verdict.proven, verdict.problem) == (2, "seal 3 is missing")

    async def test_finds_a_gap_that_was_closed(self, database: Database, first: int) -> None:
        await tamper(
            database,
            "DELETE FROM audit_origins",
            "DELETE FROM audit_entries WHERE id = :first + 2",
            "DELETE FROM audit_seals WHERE sequence = 3",
            "UPDATE audit_seals SET sequence = 3 WHERE sequence = 4",
            "UPDATE audit_seals SET sequence = 4 WHERE sequence = 5",
        )
        verdict = await verify(database)
        assert verdict.proven == 2
        assert verdict.problem == f"entry {first + 3} has a seal that does not follow (seal 3)"

    async def test_finds_an_entry_that_was_put_in(self, database: Database, first: int) -> None:
        await tamper(
            database,
            "INSERT INTO audit_entries"
            " (action, request_id, changes, created_at, origin_digest, digest)"
            " SELECT action, request_id, changes, created_at, origin_digest, 'x'"
            " FROM audit_entries WHERE id = :first",
        )
        wanted = (
            f"entry {(await trail(database))[-1].id} was altered, or was not written by this server"
        )
        verdict = await verify(database)
        assert (verdict.proven, verdict.problem) == (5, wanted)
        await seal(database)
        verdict = await verify(database)
        assert (verdict.proven, verdict.problem) == (5, wanted)

    async def test_finds_an_end_that_was_cut_off_where_its_head_was_noted(
        self, database: Database, first: int
    ) -> None:
        noted = (await verify(database)).head
        await record(database, 6)
        await seal(database)
        assert (await verify(database, expected=noted)).problem is None
        await tamper(
            database,
            "DELETE FROM audit_origins",
            "DELETE FROM audit_entries WHERE id >= :first + 4",
            "DELETE FROM audit_seals WHERE sequence >= 5",
        )
        assert (await verify(database)).problem is None
        verdict = await verify(database, expected=noted)
        assert verdict.proven == 4
        assert verdict.problem == "the end is missing: no seal has the digest expected"

    async def test_knows_the_keys_from_before_a_rotation(
        self, database: Database, first: int
    ) -> None:
        await record(database, 6)
        await seal(database, "n" * 32)
        verdict = await verify(database, "n" * 32)
        assert (verdict.proven, verdict.problem) == (6, None)
        assert (await verify(database)).proven == 5

    async def test_needs_a_batch_at_a_time(
        self, database: Database, first: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("portfolio.services.audit.chain.BATCH", 2)
        await record(database, 6, 7, 8)
        verdict = await verify(database)
        assert (verdict.proven, verdict.unsealed, verdict.problem) == (5, 3, None)


@pytest.mark.requirement("83")
class TestPurge:
    async def test_forgets_addresses_after_90_days_and_breaks_nothing(
        self, database: Database, first: int
    ) -> None:
        await purge(database, timedelta(days=89))
        assert {entry.address for entry in await trail(database)} == {"203.0.113.9"}
        await purge(database, timedelta(days=91))
        assert {entry.address for entry in await trail(database)} == {None}
        assert {entry.agent for entry in await trail(database)} == {None}
        verdict = await verify(database)
        assert (verdict.proven, verdict.problem) == (5, None)
