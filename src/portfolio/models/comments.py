from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.clock import utc_now
from portfolio.core.context import AGENT_LENGTH, CLIENT_LENGTH
from portfolio.models.base import Base, Entity
from portfolio.models.entities import EntityType
from portfolio.models.types import (
    BIGINT,
    Json,
    LongText,
    Moment,
    PrimaryKey,
    ShortText,
    Url,
    enum_of,
)


class CommentStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SPAM = "spam"


class Comment(Entity):
    """What somebody said about a post or project: an account, or a guest under a name.

    Shown are approved ones, and whatever else has answers that are shown: as a stone, without
    its words. One that nobody answered is deleted for good.
    """

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_entity", "entity_type", "entity_id", "thread_id", "created_at", "id"),
        Index("ix_comments_queue", "status", "created_at", "id"),
    )

    entity_type: Mapped[EntityType] = mapped_column(enum_of(EntityType, "entity_type"))
    entity_id: Mapped[int] = mapped_column(BIGINT)
    parent_id: Mapped[int | None] = mapped_column(BIGINT, ForeignKey("comments.id"), index=True)
    # The comment at the top of what this one belongs to; None for that one itself.
    thread_id: Mapped[int | None] = mapped_column(BIGINT)
    # 0 at the top.
    depth: Mapped[int] = mapped_column(default=0)

    author_id: Mapped[int | None] = mapped_column(
        BIGINT, ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    guest_name: Mapped[ShortText | None]
    # Folded, as those of accounts; never shown.
    guest_email: Mapped[str | None] = mapped_column(Unicode(254), index=True)
    guest_website: Mapped[Url | None]
    # When a guest proved that the address is theirs; for accounts from the start.
    confirmed_at: Mapped[Moment | None]

    status: Mapped[CommentStatus] = mapped_column(enum_of(CommentStatus, "status"))
    # Why it was held back or taken for spam: values of Reason (models/spam.py).
    reasons: Mapped[Json] = mapped_column(default=list)
    # From 0 to 1: what the filter makes of its words; None where it knows too little.
    spam_score: Mapped[float | None]
    # What the filter learned from it: True for spam, False for none.
    learned_as: Mapped[bool | None]
    # SHA-256 of the folded text: the same words once more are found by it.
    digest: Mapped[str] = mapped_column(Unicode(64), index=True)
    # From where it came; forgotten after a while.
    client: Mapped[str | None] = mapped_column(Unicode(CLIENT_LENGTH), index=True)
    agent: Mapped[str | None] = mapped_column(Unicode(AGENT_LENGTH))

    # When people were told of it by mail, which happens once.
    announced_at: Mapped[Moment | None]
    edited_at: Mapped[Moment | None]
    # Only of stones.
    deleted_at: Mapped[Moment | None]
    # Direct answers that are shown, stones included.
    replies_count: Mapped[int] = mapped_column(default=0)
    reactions_count: Mapped[int] = mapped_column(default=0)
    reports_count: Mapped[int] = mapped_column(default=0)

    render_version: Mapped[int]
    body: Mapped[LongText] = mapped_column(sort_order=1)
    html: Mapped[LongText] = mapped_column(sort_order=1)

    @property
    def speaks(self) -> bool:
        """Whether its words are shown, and it is counted."""
        return self.status is CommentStatus.APPROVED and self.deleted_at is None

    @property
    def is_shown(self) -> bool:
        """Also as a stone."""
        return self.speaks or self.replies_count > 0

    def become_stone(self, at: datetime) -> None:
        """Nothing is left of who said what; it only holds its answers together."""
        self.deleted_at = at
        self.status = CommentStatus.APPROVED
        self.body = self.html = self.digest = ""
        self.author_id = self.spam_score = self.edited_at = self.confirmed_at = None
        self.guest_name = self.guest_email = self.guest_website = None
        self.client = self.agent = None
        self.reasons, self.reactions_count = [], 0


class CommentReport(Base):
    """That somebody wants a moderator to look; each person once."""

    __tablename__ = "comment_reports"
    __table_args__ = (UniqueConstraint("comment_id", "person"),)

    id: Mapped[PrimaryKey]
    comment_id: Mapped[int] = mapped_column(BIGINT, ForeignKey("comments.id", ondelete="CASCADE"))
    # "user:5", or "client:" and a digest of the address.
    person: Mapped[str] = mapped_column(Unicode(80))
    reason: Mapped[LongText | None]
    created_at: Mapped[Moment] = mapped_column(default=utc_now)
