"""Mail, sent after the commit and as often as it takes.

await mail.send(db, user.email, ResetPassword(name=…, token=token, expires_at=expires_at))
"""

from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import structlog
from pydantic import AwareDatetime, BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.mailer import Mailer, MailRefusedError, Message
from portfolio.adapters.mailer.mails import MAILS, Mail
from portfolio.adapters.mailer.rendering import Renderer
from portfolio.core.clock import utc_now
from portfolio.core.errors import UnavailableException
from portfolio.services.outbox import HopelessError, OutboxService, Retry

log = structlog.get_logger(__name__)

SEND_MAIL = "mail"
# A pause, an attempt that hangs and a rest are together less than the minute within which mail
# leaves once its server is back.
_LONGEST_PAUSE = timedelta(seconds=25)
_REST = 10  # seconds
_HANGS = 5  # seconds
_TRIED_FOR = timedelta(days=2)
MAIL_RETRY = Retry(
    attempts=_TRIED_FOR // _LONGEST_PAUSE, first=5, factor=2, longest=_LONGEST_PAUSE.total_seconds()
)


class _Letter(BaseModel):
    """What waits in the outbox, sealed."""

    template: str
    to: str
    reply_to: str | None = None
    message_id: str
    asked_at: AwareDatetime
    content: dict[str, Any]


class MailService:
    def __init__(
        self,
        outbox: OutboxService,
        mailer: Mailer,
        renderer: Renderer,
        host: str,
    ) -> None:
        """`host`: the right half of a Message-ID."""
        self._outbox = outbox
        self._mailer = mailer
        self._renderer = renderer
        self._host = host
        self._rests_until = 0.0

    async def send(
        self,
        db: AsyncSession,
        to: str,
        mail: Mail,
        *,
        reply_to: str | None = None,
        key: UUID | None = None,
    ) -> None:
        """Have a mail sent to this one address once the transaction is committed.

        `key`: where the caller may say so more than once; mail programs then know a duplicate.
        """
        letter = _Letter(
            template=mail.template(),
            to=to,
            reply_to=reply_to,
            message_id=f"<{key or uuid4()}@{self._host}>",
            asked_at=utc_now(),
            content=mail.model_dump(mode="json"),
        )
        await self._outbox.put_sealed(db, SEND_MAIL, letter)

    async def deliver(self, payload: dict[str, str]) -> None:
        """The job SEND_MAIL. A mail that is out of date by now is dropped.

        Raises HopelessError for what will never be taken, UnavailableException for what may be.
        """
        letter = self._outbox.opened(payload, _Letter)
        mail = MAILS[letter.template].model_validate(letter.content)
        about = {"template": letter.template, "to": letter.to, "message_id": letter.message_id}
        if mail.expires_at is not None and mail.expires_at <= utc_now():
            log.warning("mail.expired", **about)
            return
        try:
            message = await self._renderer.message(
                mail, letter.to, letter.message_id, letter.asked_at, reply_to=letter.reply_to
            )
            await self._hand_over(message)
        except (MailRefusedError, ValueError) as error:
            log.error("mail.refused", **about, reason=str(error))  # noqa: TRY400 - it says all
            raise HopelessError(str(error)) from error
        log.info("mail.sent", **about)

    async def _hand_over(self, message: Message) -> None:
        """A server that hangs is left alone for a while, or its mail would hold up all other jobs."""
        begun = monotonic()
        if begun < self._rests_until:
            raise UnavailableException(f"{self._mailer.place}: did not answer a moment ago")
        try:
            await self._mailer.send(message)
        except UnavailableException:
            if monotonic() - begun >= _HANGS:
                self._rests_until = monotonic() + _REST
            raise
