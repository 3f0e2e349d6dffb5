from enum import StrEnum

from sqlalchemy import Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.clock import utc_now
from portfolio.models.base import Base
from portfolio.models.types import Json, Moment, PrimaryKey, enum_of


class Audience(StrEnum):
    EVERYONE = "everyone"
    MODERATORS = "moderators"


class LiveType(StrEnum):
    COMMENT_CREATED = "comment.created"  # it is shown now; perhaps it had waited
    COMMENT_UPDATED = "comment.updated"
    COMMENT_DELETED = "comment.deleted"  # or hidden; perhaps it stays as a stone
    COMMENT_PENDING = "comment.pending"  # for moderators
    REACTIONS_CHANGED = "reactions.changed"
    POST_PUBLISHED = "post.published"
    PROJECT_PUBLISHED = "project.published"
    CONTACT_RECEIVED = "contact.received"  # for moderators


class LiveEvent(Base):
    """Something that people who have a page open want to know now.

    A row of the transaction that brought it about: every process that has subscribers reads it
    here, whoever told it to look, and nothing is missed by who was away for a few minutes.
    """

    __tablename__ = "live_events"

    id: Mapped[PrimaryKey]
    # "posts:17", "projects:4": one of them, by id; "posts", "projects": what is new among them;
    # "moderation", "contact": for those who run the site.
    topic: Mapped[str] = mapped_column(Unicode(80))
    audience: Mapped[Audience] = mapped_column(enum_of(Audience, "audience"))
    type: Mapped[LiveType] = mapped_column(enum_of(LiveType, "type"))
    # What a page needs to show it without asking.
    data: Mapped[Json]
    created_at: Mapped[Moment] = mapped_column(default=utc_now, index=True)
