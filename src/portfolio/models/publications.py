"""The life of something that is written, published, archived and binned."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from portfolio.core.clock import utc_now
from portfolio.models.base import Entity
from portfolio.models.types import (
    Json,
    LongText,
    Moment,
    ShortText,
    Slug,
    Url,
    enum_of,
)

# What lists can be ordered by besides listed_at.
SORTED = "created_at", "updated_at", "title", "views_count"


class Status(StrEnum):
    """As stored. A published row whose time has not come is shown as `scheduled`."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Publishable(Entity):
    """What posts and projects share: an address, a body rendered on write, a public life."""

    __abstract__ = True

    slug: Mapped[Slug] = mapped_column(unique=True)
    title: Mapped[ShortText]
    # What the author wrote as the summary; without it the excerpt of the body is shown.
    summary: Mapped[LongText | None]
    excerpt: Mapped[LongText]
    reading_time: Mapped[int]
    render_version: Mapped[int]

    status: Mapped[Status] = mapped_column(enum_of(Status, "status"), default=Status.DRAFT)
    published_at: Mapped[Moment | None]
    # published_at, or created_at while there is none: lists sort by it and NULL has no order.
    listed_at: Mapped[Moment] = mapped_column(default=utc_now)
    deleted_at: Mapped[Moment | None]
    # When open pages were told that it is there.
    announced_at: Mapped[Moment | None]
    featured: Mapped[bool] = mapped_column(default=False)

    canonical_url: Mapped[Url | None]
    seo_title: Mapped[ShortText | None]
    seo_description: Mapped[LongText | None]
    seo_image: Mapped[Url | None]

    # Whether this one may be commented on, as far as the site's settings let anything be.
    comments_enabled: Mapped[bool] = mapped_column(default=True)
    comments_count: Mapped[int] = mapped_column(default=0)
    reactions_count: Mapped[int] = mapped_column(default=0)
    views_count: Mapped[int] = mapped_column(default=0)

    # What lists show, as JSON: see db/repositories/ready_cards.py. Empty until it was made.
    card: Mapped[LongText] = mapped_column(default="")
    card_version: Mapped[int] = mapped_column(default=0, index=True)

    # Last in the row: SQLite walks through the pages of long values to what stands behind them.
    body_markdown: Mapped[LongText] = mapped_column(sort_order=1)
    html: Mapped[LongText] = mapped_column(sort_order=1)
    toc: Mapped[Json] = mapped_column(sort_order=1)

    def publish(self, at: datetime) -> None:
        """Public from `at` on; a moment to come schedules it."""
        self.status = Status.PUBLISHED
        self.published_at = self.listed_at = at

    def unpublish(self) -> None:
        """A draft again; the date stays as a proposal for the next time."""
        self.status = Status.DRAFT

    def date(self, at: datetime | None) -> None:
        """Set or propose the date of publication, or take a proposal back."""
        self.published_at = at
        self.listed_at = at or self.created_at or utc_now()

    def archive(self) -> None:
        self.status = Status.ARCHIVED

    def bin(self, at: datetime) -> None:
        self.deleted_at = at

    def restore(self) -> None:
        self.deleted_at = None

    def is_public(self, now: datetime) -> bool:
        return (
            self.deleted_at is None
            and self.status is Status.PUBLISHED
            and self.published_at is not None
            and self.published_at <= now
        )

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:  # noqa: N805 - declared_attr hands over the class
        table = cls.__tablename__
        orders = {"listing": "listed_at", **{name: name for name in SORTED}}
        # deleted_at stands last: to PostgreSQL, IS NULL in between would be the end of the order.
        return tuple(
            Index(f"ix_{table}_{name}", "status", column, "id", "deleted_at")
            for name, column in orders.items()
        )
