from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.context import AGENT_LENGTH, CLIENT_LENGTH
from portfolio.models.base import Entity
from portfolio.models.types import BIGINT, Json, LongText, Moment, ShortText, enum_of


class ContactState(StrEnum):
    NEW = "new"
    READ = "read"
    REPLIED = "replied"
    ARCHIVED = "archived"
    SPAM = "spam"


class ContactMessage(Entity):
    """What somebody wrote to the owner."""

    __tablename__ = "contact_messages"
    __table_args__ = (Index("ix_contact_messages_state", "state", "id"),)

    name: Mapped[ShortText]
    email: Mapped[str] = mapped_column(Unicode(254), index=True)
    subject: Mapped[ShortText]
    state: Mapped[ContactState] = mapped_column(
        enum_of(ContactState, "state"), default=ContactState.NEW
    )
    # Why it was taken for spam: values of Reason (models/spam.py).
    reasons: Mapped[Json] = mapped_column(default=list)
    # From 0 to 1; None where the filter knows too little.
    spam_score: Mapped[float | None]
    # What the filter learned from it: True for spam, False for none.
    learned_as: Mapped[bool | None]
    digest: Mapped[str] = mapped_column(Unicode(64), index=True)
    client: Mapped[str | None] = mapped_column(Unicode(CLIENT_LENGTH))
    agent: Mapped[str | None] = mapped_column(Unicode(AGENT_LENGTH))
    message: Mapped[LongText] = mapped_column(sort_order=1)


class ContactReply(Entity):
    """What was answered to a message."""

    __tablename__ = "contact_replies"

    message_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("contact_messages.id", ondelete="CASCADE"), index=True
    )
    author_id: Mapped[int | None] = mapped_column(
        BIGINT, ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    sent_at: Mapped[Moment]
    body: Mapped[LongText] = mapped_column(sort_order=1)
