"""One mail a day, for those who want no more, with all that was said since the last one."""

from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import CommentDigest, Thread
from portfolio.core.clock import utc_now
from portfolio.db.repositories.notifications import DigestRepository, NewsRepository, Said, Subject
from portfolio.db.session import Database
from portfolio.models.comments import CommentStatus
from portfolio.models.entities import EntityType
from portfolio.models.notifications import Delivery, Occasion
from portfolio.services.mail import MailService
from portfolio.services.notifications.choices import MailChoices
from portfolio.services.notifications.quotes import thread

MOST = 50
LONGEST_QUOTE = 200
# What nobody was told of in this time is old hat.
KEPT = timedelta(days=30)

_Subjects = dict[tuple[EntityType, int], Subject]


class DailyDigest:
    """Any number of processes may do this at once: each comment goes to each address once."""

    def __init__(
        self,
        database: Database,
        news: NewsRepository,
        digests: DigestRepository,
        choices: MailChoices,
        mail: MailService,
        *,
        hour: int,
        mails: bool,
    ) -> None:
        """`hour`: from which on mail is sent, in UTC."""
        self._database = database
        self._news = news
        self._digests = digests
        self._choices = choices
        self._mail = mail
        self._hour = hour
        self._mails = mails

    async def send(self) -> None:
        """What came before the last time that mail was due; late if nobody was there then."""
        due = last_due(utc_now(), self._hour)
        while self._mails:
            async with self._database.reading() as db:
                addresses = await self._digests.due(db, due)
            for email in addresses:
                async with self._database.transaction() as db:
                    await self._send(db, email, due)
            if not addresses:
                return

    async def forget(self) -> None:
        async with self._database.transaction() as db:
            await self._digests.forget_before(db, utc_now() - KEPT)

    async def _send(self, db: AsyncSession, email: str, due: datetime) -> None:
        occasions = dict(await self._digests.claim(db, email, due))
        if not occasions or await self._choices.of(db, email) is Delivery.OFF:
            return
        found = await self._news.said(db, list(occasions))
        subjects = await self._news.subjects(db, [said.comment for said in found], utc_now())
        news = [said for said in found if _is_news(said, occasions[said.comment.id], subjects)]
        if news:
            threads = _threads(news[:MOST], occasions, subjects)
            more = max(0, len(news) - MOST)
            token = self._choices.token(email)
            await self._mail.send(db, email, CommentDigest(token=token, threads=threads, more=more))


def last_due(now: datetime, hour: int) -> datetime:
    """When this hour (UTC) began the last time."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def _is_news(said: Said, occasion: Occasion, subjects: _Subjects) -> bool:
    """Whether it still is what somebody was to be told of."""
    subject = subjects.get(_about(said))
    if subject is None:
        return False
    if occasion is Occasion.MODERATION:
        return said.comment.status is CommentStatus.PENDING
    return said.comment.speaks and (subject.is_public or occasion is Occasion.COMMENT)


def _threads(
    news: list[Said], occasions: dict[int, Occasion], subjects: _Subjects
) -> tuple[Thread, ...]:
    """What belongs together stands together."""
    return tuple(
        thread(subjects[key], [(said, occasions[said.comment.id]) for said in group], LONGEST_QUOTE)
        for key, group in groupby(sorted(news, key=_about), key=_about)
    )


def _about(said: Said) -> tuple[EntityType, int]:
    return said.comment.entity_type, said.comment.entity_id
