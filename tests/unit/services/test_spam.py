"""What the filter makes of what visitors send, and how it learns."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.factories.spam import (
    PILLS,
    PRAISE,
    comment_row,
    judged,
    learned,
    make_filter,
    message,
    store,
    submission,
    teach,
)
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.core.errors import RetryableException
from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.contact import ContactMessage
from portfolio.models.spam import EVERY_TEXT, Reason
from portfolio.services.spam import Verdict, digest_of

FINE = Verdict(spam=False, held=False, reasons=[], score=None)


def spam(*reasons: Reason) -> Verdict:
    return Verdict(spam=True, held=False, reasons=[*reasons], score=None)


def held(*reasons: Reason) -> Verdict:
    return Verdict(spam=False, held=True, reasons=[*reasons], score=None)


class TestJudge:
    async def test_lets_people_speak(self, database: Database) -> None:
        assert await judged(database) == FINE

    async def test_takes_whoever_fills_the_hidden_field_for_a_program(
        self, database: Database
    ) -> None:
        assert await judged(database, subtitle="Mr") == spam(Reason.HONEYPOT)

    @pytest.mark.parametrize(
        ("seconds", "verdict"),
        [
            (0, spam(Reason.TOO_FAST)),
            (1.9, spam(Reason.TOO_FAST)),
            (2, FINE),
            (86_400, FINE),
            (-60, FINE),
            (-3600, spam(Reason.TOO_FAST)),
        ],
    )
    async def test_takes_whoever_answers_at_once_for_a_program(
        self, database: Database, seconds: float, verdict: Verdict
    ) -> None:
        with travel("2030-01-01T00:00:00Z", tick=False):
            shown_at = utc_now() - timedelta(seconds=seconds)
            assert await judged(database, shown_at=shown_at) == verdict

    async def test_holds_many_links(self, database: Database) -> None:
        assert await judged(database, links=2) == FINE
        assert await judged(database, links=3) == held(Reason.LINKS)
        async with database.reading() as db:
            many = submission(links=99)
            assert await make_filter().judge(db, many, max_links=None, min_seconds=0) == FINE

    @pytest.mark.parametrize("make", [comment_row, message])
    async def test_holds_what_was_said_before_and_soon_takes_it_for_spam(
        self, database: Database, make: Callable[[str], Any]
    ) -> None:
        again = f"  {PRAISE.upper()}\n"
        for verdict in (FINE, held(Reason.REPEAT), held(Reason.REPEAT), spam(Reason.REPEAT)):
            assert await judged(database, again) == verdict
            await store(database, make(PRAISE))
        async with database.transaction() as db:
            model = type(make(PRAISE))
            for row in await db.scalars(select(model)):
                row.created_at -= timedelta(hours=25)
        assert await judged(database, again) == FINE

    async def test_holds_what_comes_from_where_spam_came_from(self, database: Database) -> None:
        await store(
            database,
            comment_row(PILLS, client="192.0.2.1", status=CommentStatus.SPAM),
            comment_row(PILLS, client="192.0.2.2", status=CommentStatus.REJECTED),
        )
        assert await judged(database, client="192.0.2.1") == held(Reason.KNOWN_CLIENT)
        assert await judged(database, client="192.0.2.2") == FINE

    async def test_goes_by_the_words_once_it_has_learned(self, database: Database) -> None:
        await teach(database, ham=None)
        assert (await judged(database, PILLS)).score is None
        await teach(database, spam=None)
        verdict = await judged(database, "Another casino with pills, no prescription")
        assert verdict.spam
        assert verdict.reasons == ["words"]
        assert verdict.score is not None
        assert verdict.score > 0.9
        fine = await judged(database, "This article explains lazy relationships well, thank you")
        assert (fine.spam, fine.held, fine.reasons) == (False, False, [])
        assert fine.score is not None
        assert fine.score < 0.1

    async def test_holds_what_may_be_either(self, database: Database) -> None:
        await teach(database)
        once = comment_row("watches")
        await store(database, once)
        async with database.transaction() as db:
            await make_filter().learn(db, await db.merge(once), spam=True)
        verdict = await judged(database, "Gold watches")
        assert (verdict.spam, verdict.held, verdict.reasons) == (False, True, ["words"])

    async def test_names_all_that_speaks_against_it(self, database: Database) -> None:
        await store(
            database,
            *[comment_row(status=CommentStatus.SPAM, client="192.0.2.1") for _ in range(3)],
        )
        assert await judged(database, links=9) == spam(
            Reason.LINKS, Reason.REPEAT, Reason.KNOWN_CLIENT
        )

    async def test_asks_the_database_twice_whatever_it_is_shown(
        self, database: Database, count_queries: list[str]
    ) -> None:
        await judged(
            database, " ".join(f"word{number} https://a{number}.example" for number in range(999))
        )
        assert len(count_queries) == 2
        count_queries.clear()
        await judged(database, subtitle="Mr")
        assert count_queries == []


class TestLearn:
    async def test_counts_each_decision_once(self, database: Database) -> None:
        row = message(PILLS)
        await store(database, row)
        for _ in range(2):
            async with database.transaction() as db:
                found = await db.get_one(ContactMessage, row.id)
                await make_filter().learn(db, found, spam=True)
                assert found.learned_as is True
        known = await learned(database)
        assert known.pop(EVERY_TEXT) == (1, 0)
        assert set(known.values()) == {(1, 0)}

    async def test_forgets_the_opposite_decision(self, database: Database) -> None:
        first, second = comment_row(PILLS), comment_row(PILLS)
        await store(database, first, second)
        for row, is_spam in ((first, True), (second, True), (first, False), (first, False)):
            async with database.transaction() as db:
                found = await db.get_one(Comment, row.id)
                await make_filter().learn(db, found, spam=is_spam)
        known = await learned(database)
        assert set(known.values()) == {(1, 1)}

    async def test_counts_nothing_below_none_when_the_text_has_changed(
        self, database: Database
    ) -> None:
        row = comment_row("one two")
        await store(database, row)
        for text, is_spam in (("one two", True), ("two three", False)):
            async with database.transaction() as db:
                found = await db.get_one(Comment, row.id)
                found.body = text
                await make_filter().learn(db, found, spam=is_spam)
        known = await learned(database)
        assert known[EVERY_TEXT] == (0, 1)
        assert min(min(counts) for counts in known.values()) == 0

    async def test_takes_few_statements(self, database: Database, count_queries: list[str]) -> None:
        rows = [comment_row(" ".join(f"word{number}" for number in range(200))) for _ in range(2)]
        await store(database, *rows)
        for row in rows:
            count_queries.clear()
            async with database.transaction() as db:
                found = await db.get_one(Comment, row.id)
                await make_filter().learn(db, found, spam=True)
        # The row, the number of texts, the words, and what was learned of the row.
        assert len(count_queries) == 4

    async def test_loses_no_count_of_many_at_once_and_has_none_try_again(
        self, database: Database
    ) -> None:
        first = comment_row(PRAISE)
        others = [comment_row(f"{PRAISE} {PILLS} {number}") for number in range(8)]
        await store(database, first, *others)

        async def decide(row: Comment) -> None:
            async with database.transaction() as db:
                found = await db.get_one(Comment, row.id)
                await make_filter().learn(db, found, spam=row.id % 2 == 0)

        # Only the very first text of all has no row to wait for.
        await decide(first)
        await asyncio.gather(*map(decide, others))
        spam_rows = sum(row.id % 2 == 0 for row in (first, *others))
        totals = (spam_rows, 9 - spam_rows)
        known = await learned(database)
        assert known[EVERY_TEXT] == totals
        assert list(known.values()).count(totals) > len(PRAISE.split())

    async def test_has_one_of_two_first_texts_try_again(self, database: Database) -> None:
        rows = [comment_row(text) for text in (PILLS, PRAISE)]
        await store(database, *rows)

        async def decide(row: Comment) -> None:
            try:
                async with database.transaction() as db:
                    found = await db.get_one(Comment, row.id)
                    await make_filter().learn(db, found, spam=True)
            except RetryableException:
                await decide(row)

        await asyncio.gather(*map(decide, rows))
        assert (await learned(database))[EVERY_TEXT] == (2, 0)

    async def test_keeps_nothing_that_could_be_read(self, database: Database) -> None:
        await teach(database, spam=None)
        assert not set(PRAISE.lower().split()) & (await learned(database)).keys()
        assert digest_of(PRAISE) not in await learned(database)
