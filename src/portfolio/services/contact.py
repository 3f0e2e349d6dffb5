"""What visitors write to the owner, by the contact form, and what the owner replies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.limiter import LimitName, Limits
from portfolio.adapters.mailer.mails import ContactReceipt, ContactReceived, ContactReplied
from portfolio.core.clock import utc_now
from portfolio.core.config import Settings
from portfolio.core.context import current
from portfolio.core.errors import InvalidInputException, RateLimitedException
from portfolio.core.pagination import Page, PageRequest
from portfolio.core.web_addresses import leads_within
from portfolio.db.repositories.contact import ContactMessageRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.db.session import Database
from portfolio.models.audit import Action
from portfolio.models.contact import ContactMessage, ContactReply, ContactState
from portfolio.models.live import Audience, LiveType
from portfolio.models.users import User
from portfolio.schemas.accounts import Accepted
from portfolio.schemas.contact import (
    ContactCreate,
    ContactItem,
    ContactReplyCreate,
    ContactUpdate,
)
from portfolio.services.audit import AuditService
from portfolio.services.live import LiveService
from portfolio.services.mail import MailService
from portfolio.services.spam import SpamFilter, Submission, Verdict, digest_of
from portfolio.services.versions import require_version

THANKS = Accepted(detail="Thank you: your message has arrived")
TOPIC = "contact"
# How long it is of use to know from where somebody wrote.
ORIGINS_KEPT = timedelta(days=90)


@dataclass(slots=True)
class ContactView:
    """A message with all that was replied to it."""

    id: int
    version: int
    name: str
    email: str
    subject: str
    message: str
    state: ContactState
    reasons: list[str]
    spam_score: float | None
    client: str | None
    agent: str | None
    replies: list[ContactReply]
    created_at: datetime
    updated_at: datetime


class ContactService:
    def __init__(
        self,
        database: Database,
        messages: ContactMessageRepository,
        users: UserRepository,
        spam: SpamFilter,
        mail: MailService,
        live: LiveService,
        audit: AuditService,
        limits: Limits,
        settings: Settings,
    ) -> None:
        self._database = database
        self._messages = messages
        self._users = users
        self._spam = spam
        self._mail = mail
        self._live = live
        self._audit = audit
        self._limits = limits
        self._settings = settings.contact
        usual = [settings.site.url] if settings.site.url else []
        # Where a form may lead on to: addresses, or their beginnings.
        self.redirects = settings.contact.redirects or [*usual, *settings.server.allowed_origins]

    # For visitors

    async def receive(
        self, db: AsyncSession, data: ContactCreate, redirect: str | None = None
    ) -> Accepted:
        """Keep it, and tell the owner; of spam nobody hears, and its sender nothing else.

        `redirect`: where the visitor is led next. Raises InvalidInputException where that is not
        allowed.
        """
        if redirect is not None and not leads_within(redirect, self.redirects):
            raise InvalidInputException.of(
                "redirect", "does not lead to an address that CONTACT_REDIRECTS allows"
            )
        digest = digest_of(f"{data.subject}\n{data.message}")
        verdict = await self._judge(db, data, digest)
        message = ContactMessage(
            **data.model_dump(include={"name", "email", "subject", "message"}),
            state=ContactState.SPAM if verdict.spam else ContactState.NEW,
            reasons=verdict.reasons,
            spam_score=verdict.score,
            digest=digest,
            client=current().client,
            agent=current().agent,
        )
        await self._messages.add(db, message)
        if not verdict.spam:
            await self._tell(db, message)
        return THANKS

    # For the owner

    async def page(
        self, db: AsyncSession, request: PageRequest, filters: Mapping[str, Any]
    ) -> Page[ContactMessage]:
        """Filters: state, unread."""
        return await self._messages.list_of(db, request, filters)

    async def read(self, db: AsyncSession, message_id: int) -> ContactView:
        """Changes nothing. Raises NotFoundException."""
        return await self._view(db, await self._messages.get_one(db, message_id))

    async def update(
        self,
        db: AsyncSession,
        message_id: int,
        changes: ContactUpdate,
        expected: int | None = None,
    ) -> ContactView:
        """Raises NotFoundException, PreconditionFailedException."""
        message = await self._messages.get_locked(db, message_id)
        require_version(message, expected)
        before = message.state
        after = changes.model_dump(exclude_unset=True).get("state")
        if after not in {None, before}:
            await self._audit.record(
                db,
                Action.CONTACT_UPDATED,
                target=(TOPIC, message_id),
                before={"state": before},
                after={"state": after},
            )
            await self._move(db, message, after)
        return await self._view(db, message)

    async def reply(
        self, db: AsyncSession, message_id: int, data: ContactReplyCreate, author: User
    ) -> ContactReply:
        """Mail it to who wrote, and keep it. Raises NotFoundException."""
        message = await self._messages.get_locked(db, message_id)
        reply = ContactReply(
            message_id=message_id, author_id=author.id, sent_at=utc_now(), body=data.body
        )
        await self._messages.add(db, reply)
        mail = ContactReplied(
            topic=message.subject,
            body=data.body,
            message=message.message,
            at=message.created_at,
        )
        await self._mail.send(
            db, message.email, mail, reply_to=_reachable(await self._owner(db) or author.email)
        )
        await self._audit.record(db, Action.CONTACT_REPLIED, target=(TOPIC, message_id))
        await self._move(db, message, ContactState.REPLIED)
        return reply

    async def delete(self, db: AsyncSession, message_id: int, expected: int | None = None) -> None:
        """With the replies. Raises NotFoundException, PreconditionFailedException."""
        message = await self._messages.get_locked(db, message_id)
        require_version(message, expected)
        await self._messages.delete(db, message)
        await self._audit.record(db, Action.CONTACT_DELETED, target=(TOPIC, message_id))

    async def forget(self) -> None:
        """Messages that have had their time (CONTACT_KEEP_DAYS), and where older ones came from."""
        now = utc_now()
        async with self._database.transaction() as db:
            await self._messages.forget(
                db, now - timedelta(days=self._settings.keep_days), now - ORIGINS_KEPT
            )

    # Inside

    async def _judge(self, db: AsyncSession, data: ContactCreate, digest: str) -> Verdict:
        submission = Submission(
            text=f"{data.subject}\n{data.message}",
            name=data.name,
            email=data.email,
            website=None,
            subtitle=data.subtitle,
            shown_at=data.shown_at,
            links=data.message.count("://"),
            digest=digest,
            client=current().client,
        )
        return await self._spam.judge(
            db, submission, max_links=None, min_seconds=self._settings.min_seconds
        )

    async def _tell(self, db: AsyncSession, message: ContactMessage) -> None:
        item = ContactItem.model_validate(message).model_dump(mode="json")
        await self._live.tell(db, TOPIC, LiveType.CONTACT_RECEIVED, item, Audience.MODERATORS)
        owner = await self._owner(db)
        if owner is not None:
            mail = ContactReceived(
                name=message.name,
                email=message.email,
                topic=message.subject,
                message=message.message,
            )
            await self._mail.send(db, owner, mail, reply_to=_reachable(message.email))
        if self._settings.receipt and await self._may_acknowledge(message.email):
            await self._mail.send(db, message.email, ContactReceipt())

    async def _owner(self, db: AsyncSession) -> str | None:
        """Who is mailed what visitors write, if there is anybody yet."""
        if self._settings.to:
            return self._settings.to
        owner = await self._users.owner(db)
        return owner.email if owner else None

    async def _may_acknowledge(self, email: str) -> bool:
        """Anybody can give anybody's address."""
        try:
            await self._limits.hit(LimitName.ACCOUNT_MAIL, f"{TOPIC}:{email}", told=False)
        except RateLimitedException:
            return False
        return True

    async def _move(self, db: AsyncSession, message: ContactMessage, state: ContactState) -> None:
        """Last of all that is done: whoever decides on spam waits for all others who do."""
        if ContactState.SPAM in {message.state, state}:
            await self._spam.learn(db, message, spam=state is ContactState.SPAM)
        await self._messages.update(db, message, {"state": state})

    async def _view(self, db: AsyncSession, message: ContactMessage) -> ContactView:
        return ContactView(
            id=message.id,
            version=message.version,
            name=message.name,
            email=message.email,
            subject=message.subject,
            message=message.message,
            state=message.state,
            reasons=message.reasons,
            spam_score=message.spam_score,
            client=message.client,
            agent=message.agent,
            replies=await self._messages.replies(db, message.id),
            created_at=message.created_at,
            updated_at=message.updated_at,
        )


def _reachable(email: str) -> str | None:
    """None where mail programs would not know it in a header without an extension (RFC 6532)."""
    return email if email.partition("@")[0].isascii() else None
