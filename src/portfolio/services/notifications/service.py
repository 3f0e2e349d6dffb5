"""What the writers of comments say has happened; who is told of it is found out behind the scenes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer.mails import ConfirmComment
from portfolio.core.context import current
from portfolio.models.comments import Comment
from portfolio.services.account_mail import AccountMail
from portfolio.services.mail import MailService
from portfolio.services.outbox import OutboxService

COMMENT_NOTIFICATIONS = "comment_notifications"


class News(StrEnum):
    WAITS = "waits"
    SHOWN = "shown"


class CommentNews(BaseModel):
    """`actor_id`: whose doing it is, and who need not be told. `key`: the same at each attempt."""

    comment_id: int
    news: News
    actor_id: int | None
    key: UUID


class CommentNotifications:
    def __init__(
        self, outbox: OutboxService, mail: MailService, account_mail: AccountMail, *, mails: bool
    ) -> None:
        """`mails`: whether mail leaves this machine; otherwise nobody is told of comments."""
        self._outbox = outbox
        self._mail = mail
        self._account_mail = account_mail
        self._mails = mails

    async def waits(self, db: AsyncSession, comment: Comment) -> None:
        """It waits for a moderator."""
        await self._tell(db, comment, News.WAITS)

    async def shown(self, db: AsyncSession, comment: Comment) -> None:
        """It speaks now. Said again, nobody hears of it again."""
        if comment.announced_at is None:
            await self._tell(db, comment, News.SHOWN)

    async def confirm(
        self, db: AsyncSession, comment: Comment, token: str, expires_at: datetime
    ) -> None:
        """Send a guest the link that confirms the address, within the budget of the address."""
        address = comment.guest_email or ""
        if await self._account_mail.may_send(address):
            await self._mail.send(db, address, ConfirmComment(token=token, expires_at=expires_at))

    async def _tell(self, db: AsyncSession, comment: Comment, news: News) -> None:
        if self._mails:
            said = CommentNews(
                comment_id=comment.id, news=news, actor_id=current().actor_id, key=uuid4()
            )
            await self._outbox.put(db, COMMENT_NOTIFICATIONS, said.model_dump(mode="json"))
