from enum import StrEnum

from sqlalchemy import ForeignKey, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.clock import utc_now
from portfolio.models.base import Base, Entity
from portfolio.models.types import BIGINT, Moment, PrimaryKey, enum_of


class Delivery(StrEnum):
    """How somebody wants to hear of comments."""

    INSTANT = "instant"
    DAILY = "daily"
    OFF = "off"


class MailChoice(Entity):
    """What the owner of an address chose; who chose nothing is told at once."""

    __tablename__ = "mail_choices"

    # Folded, as those of accounts.
    email: Mapped[str] = mapped_column(Unicode(254), unique=True)
    delivery: Mapped[Delivery] = mapped_column(enum_of(Delivery, "delivery"))


class Occasion(StrEnum):
    """Why a comment is of interest to somebody."""

    MODERATION = "moderation"  # it waits for a decision
    COMMENT = "comment"  # on something that they wrote
    REPLY = "reply"  # to a comment of theirs


class DigestItem(Base):
    """A comment of which an address will hear in its next daily mail."""

    __tablename__ = "digest_items"
    __table_args__ = (UniqueConstraint("email", "comment_id"),)

    id: Mapped[PrimaryKey]
    email: Mapped[str] = mapped_column(Unicode(254))
    comment_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("comments.id", ondelete="CASCADE"), index=True
    )
    occasion: Mapped[Occasion] = mapped_column(enum_of(Occasion, "occasion"))
    created_at: Mapped[Moment] = mapped_column(default=utc_now)
