"""What visitors send, and a filter that has been taught."""

from typing import Any

from sqlalchemy import select

from portfolio.db.repositories.spam import SpamRepository
from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentReport, CommentStatus
from portfolio.models.contact import ContactMessage
from portfolio.models.entities import EntityType
from portfolio.models.spam import SpamWord
from portfolio.services.spam import SpamFilter, Submission, Verdict, digest_of

PILLS = "Cheap pills from https://pills.example/buy without any prescription, best casino bonus"
PRAISE = "Thank you for this article about lazy relationships, it explains what our tests missed"


def make_filter() -> SpamFilter:
    return SpamFilter(SpamRepository())


def submission(text: str = PRAISE, **fields: Any) -> Submission:
    values: dict[str, Any] = {
        "name": "Ada",
        "email": "ada@example.com",
        "website": None,
        "subtitle": "",
        "shown_at": None,
        "links": 0,
        "digest": digest_of(text),
        "client": "192.0.2.1",
        **fields,
    }
    return Submission(text=text, **values)


async def judged(database: Database, text: str = PRAISE, **fields: Any) -> Verdict:
    """With a limit of two links and two seconds."""
    async with database.reading() as db:
        return await make_filter().judge(db, submission(text, **fields), max_links=2, min_seconds=2)


def message(text: str) -> ContactMessage:
    return ContactMessage(
        name="Somebody",
        email="somebody@example.org",
        subject="Hello",
        message=text,
        reasons=[],
        digest=digest_of(text),
    )


def comment_row(text: str = PRAISE, **fields: Any) -> Comment:
    """Of a guest, on a post that need not be there."""
    values: dict[str, Any] = {
        "entity_type": EntityType.POSTS,
        "entity_id": 1,
        "guest_name": "Somebody",
        "guest_email": "somebody@example.org",
        "status": CommentStatus.PENDING,
        "reasons": [],
        "digest": digest_of(text),
        "render_version": 1,
        "body": text,
        "html": f"<p>{text}</p>",
        **fields,
    }
    return Comment(**values)


async def store(database: Database, *rows: Comment | CommentReport | ContactMessage) -> None:
    async with database.transaction() as db:
        db.add_all(rows)


async def teach(database: Database, *, spam: str | None = PILLS, ham: str | None = PRAISE) -> None:
    """Ten times, which is enough."""
    learner = make_filter()
    for text, is_spam in ((spam, True), (ham, False)):
        if text is None:
            continue
        rows = [message(f"{text} {number}") for number in range(10)]
        await store(database, *rows)
        async with database.transaction() as db:
            for row in rows:
                await learner.learn(db, await db.merge(row), spam=is_spam)


async def learned(database: Database) -> dict[str, tuple[int, int]]:
    """All that the filter knows: of each word in how much spam, and in how many others."""
    async with database.reading() as db:
        return {word.word: (word.spam, word.ham) for word in await db.scalars(select(SpamWord))}
