"""Whether what a visitor wrote is spam, and what moderators' decisions teach about it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.text import fold
from portfolio.db.repositories.spam import SpamRepository
from portfolio.models.comments import Comment
from portfolio.models.contact import ContactMessage
from portfolio.models.spam import EVERY_TEXT, Reason, Seen
from portfolio.services.spam.odds import spamminess
from portfolio.services.spam.words import words_of

# From which score on a text is taken for spam, and from which it waits for a moderator.
SPAM, DOUBTFUL = 0.9, 0.6
# The same text within a day: once before is held, so often is spam.
REPEATS_OF_SPAM = 3
# Shorter texts without a link may well be said by many: "Thank you!"
SHORTEST_REPEAT = 30
DAY = timedelta(days=1)
# People's clocks may be ahead of ours by this.
SKEW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    text: str
    name: str
    email: str | None
    website: str | None
    # The field that people do not see, and programs fill.
    subtitle: str
    # When the form was shown, if it says so.
    shown_at: datetime | None
    # How many the text has.
    links: int
    digest: str
    client: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` are values of Reason; `held` is for a moderator to decide.

    `score` is from 0 to 1, and None where the filter knows too little or did not look.
    """

    spam: bool
    held: bool
    reasons: list[str]
    score: float | None


class SpamFilter:
    def __init__(self, spam: SpamRepository) -> None:
        self._spam = spam

    async def judge(
        self, db: AsyncSession, submission: Submission, *, max_links: int | None, min_seconds: float
    ) -> Verdict:
        """By all that is known before it is stored. `max_links` None: any number will do."""
        trap = _trap(submission, min_seconds)
        if trap is not None:
            return Verdict(spam=True, held=False, reasons=[trap.value], score=None)
        repeats, known = await self._spam.before(
            db, submission.digest, submission.client, utc_now() - DAY, REPEATS_OF_SPAM
        )
        if len(submission.text) < SHORTEST_REPEAT and not submission.links:
            repeats = 0
        score = await self._score(db, submission)
        spam = {
            Reason.REPEAT: repeats >= REPEATS_OF_SPAM,
            Reason.WORDS: score is not None and score >= SPAM,
        }
        held = {
            Reason.LINKS: max_links is not None and submission.links > max_links,
            Reason.REPEAT: repeats > 0,
            Reason.KNOWN_CLIENT: known,
            Reason.WORDS: score is not None and score >= DOUBTFUL,
        }
        is_spam = any(spam.values())
        return Verdict(
            spam=is_spam,
            held=not is_spam and any(held.values()),
            reasons=[reason.value for reason, applies in held.items() if applies],
            score=score,
        )

    async def learn(self, db: AsyncSession, row: Comment | ContactMessage, *, spam: bool) -> None:
        """Count what a moderator decided; once, and in the place of the opposite decision.

        The caller holds the row, and no other lock is taken after this: all who learn wait for
        each other. Raises RetryableException.
        """
        if row.learned_as is spam:
            return
        opposite = row.learned_as is not None
        await self._spam.count(
            db,
            _words_of(row),
            spam=1 if spam else -opposite,
            ham=-opposite if spam else 1,
        )
        row.learned_as = spam

    async def _score(self, db: AsyncSession, submission: Submission) -> float | None:
        words = words_of(
            submission.text,
            name=submission.name,
            website=submission.website,
            email=submission.email,
        )
        seen = await self._spam.seen(db, words)
        texts = seen.pop(EVERY_TEXT, Seen(0, 0))
        return spamminess(seen.values(), texts)


def digest_of(text: str) -> str:
    """Of what remains without capitals and spacing: SHA-256, in hexadecimal."""
    return hashlib.sha256(" ".join(fold(text).split()).encode()).hexdigest()


def _trap(submission: Submission, min_seconds: float) -> Reason | None:
    """What gives a program away, whatever it writes."""
    if submission.subtitle.strip():
        return Reason.HONEYPOT
    if submission.shown_at is None:
        return None
    age = utc_now() - submission.shown_at
    if age < -SKEW or timedelta() <= age < timedelta(seconds=min_seconds):
        return Reason.TOO_FAST
    return None


def _words_of(row: Comment | ContactMessage) -> list[str]:
    if isinstance(row, ContactMessage):
        return words_of(f"{row.subject}\n{row.message}", name=row.name, email=row.email)
    return words_of(
        row.body, name=row.guest_name or "", website=row.guest_website, email=row.guest_email
    )
