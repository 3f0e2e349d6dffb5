"""Who is told of a comment, and how: the job that its writer left."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import CommentMail, CommentWaits, NewComment, NewReply
from portfolio.core.clock import utc_now
from portfolio.db.repositories.notifications import DigestRepository, NewsRepository, Said, Subject
from portfolio.db.session import Database
from portfolio.models.comments import CommentStatus
from portfolio.models.notifications import Delivery, Occasion
from portfolio.models.spam import Reason
from portfolio.services.mail import MailService
from portfolio.services.notifications.choices import MailChoices
from portfolio.services.notifications.quotes import thread
from portfolio.services.notifications.service import CommentNews, News

LONGEST_QUOTE = 600
# Why it waits where no reason is noted: so the site does with first comments, or with all.
NEW_HERE = "Comments of people who are new here, or all, wait for you."


@dataclass(slots=True)
class _Audience:
    """Whom to tell, by address: why, and how they are called. The first reason counts."""

    occasions: dict[str, Occasion] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, email: str, name: str, occasion: Occasion) -> None:
        self.occasions.setdefault(email, occasion)
        self.names.setdefault(email, name)

    def leave_out(self, email: str | None) -> None:
        self.occasions.pop(email or "", None)


class NewsDelivery:
    def __init__(
        self,
        database: Database,
        news: NewsRepository,
        digests: DigestRepository,
        choices: MailChoices,
        mail: MailService,
    ) -> None:
        self._database = database
        self._news = news
        self._digests = digests
        self._choices = choices
        self._mail = mail

    async def deliver(self, payload: dict[str, Any]) -> None:
        """The job COMMENT_NOTIFICATIONS. What is gone by now, or waits no longer, is past."""
        told = CommentNews.model_validate(payload)
        now = utc_now()
        async with self._database.transaction() as db:
            if told.news is News.SHOWN and not await self._news.announce(db, told.comment_id, now):
                return
            for said in await self._news.said(db, [told.comment_id]):
                about = await self._news.subjects(db, [said.comment], now)
                for subject in about.values():
                    people = await self._audience(db, told, said, subject)
                    people.leave_out(said.email)
                    await self._tell(db, told, said, subject, people)

    async def _audience(
        self, db: AsyncSession, told: CommentNews, said: Said, subject: Subject
    ) -> _Audience:
        if told.news is News.SHOWN:
            return await self._authors(db, told, said, subject)
        people = _Audience()
        if said.comment.status is CommentStatus.PENDING:
            for user in await self._news.moderators(db):
                if user.id != told.actor_id:
                    people.add(user.email, user.display_name, Occasion.MODERATION)
        return people

    async def _authors(
        self, db: AsyncSession, told: CommentNews, said: Said, subject: Subject
    ) -> _Audience:
        """Of the comment that was answered, and of what it is all about."""
        people = _Audience()
        parent = await self._parent(db, said, subject)
        answered = parent.comment.author_id if parent else None
        wanted = filter(None, {subject.author_id, answered, told.actor_id})
        accounts = {user.id: user for user in await self._news.accounts(db, list(wanted))}
        if answered in accounts:
            user = accounts[answered]
            people.add(user.email, user.display_name, Occasion.REPLY)
        elif parent and answered is None and parent.email and parent.comment.confirmed_at:
            people.add(parent.email, parent.name, Occasion.REPLY)
        if subject.author_id in accounts:
            user = accounts[subject.author_id]
            people.add(user.email, user.display_name, Occasion.COMMENT)
        if told.actor_id in accounts:
            people.leave_out(accounts[told.actor_id].email)
        return people

    async def _parent(self, db: AsyncSession, said: Said, subject: Subject) -> Said | None:
        """Whose author can be told: they said it in public, and can read the answer there."""
        if said.comment.parent_id is None or not subject.is_public:
            return None
        found = await self._news.said(db, [said.comment.parent_id])
        return next((parent for parent in found if parent.comment.speaks), None)

    async def _tell(
        self, db: AsyncSession, told: CommentNews, said: Said, subject: Subject, people: _Audience
    ) -> None:
        choices = await self._choices.of_all(db, people.occasions)
        daily = {
            email: occasion
            for email, occasion in people.occasions.items()
            if choices[email] is Delivery.DAILY
        }
        if daily:
            await self._digests.add(db, said.comment.id, daily)
        for email, occasion in people.occasions.items():
            if choices[email] is Delivery.INSTANT:
                mail = self._mail_of(occasion, email, people.names[email], said, subject)
                await self._mail.send(db, email, mail, key=uuid5(told.key, email))

    def _mail_of(
        self, occasion: Occasion, email: str, name: str, said: Said, subject: Subject
    ) -> CommentMail:
        content: dict[str, Any] = {
            "token": self._choices.token(email),
            "name": name,
            "thread": thread(subject, [(said, occasion)], LONGEST_QUOTE),
        }
        if occasion is Occasion.MODERATION:
            reasons = tuple(Reason(code).text for code in said.comment.reasons) or (NEW_HERE,)
            return CommentWaits(**content, reasons=reasons)
        return (NewReply if occasion is Occasion.REPLY else NewComment)(**content)
