from sqlalchemy import Index, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.clock import utc_now
from portfolio.models.base import Base
from portfolio.models.types import Json, LongText, Moment, PrimaryKey


class OutboxJob(Base):
    """Work that must not be lost, written in the transaction that asked for it."""

    __tablename__ = "outbox_jobs"
    __table_args__ = (Index("ix_outbox_jobs_due", "finished_at", "available_at"),)

    id: Mapped[PrimaryKey]
    topic: Mapped[str] = mapped_column(Unicode(60))
    payload: Mapped[Json]
    created_at: Mapped[Moment] = mapped_column(default=utc_now)
    # Due from then on; a worker that takes it moves this ahead, and that is its lease.
    available_at: Mapped[Moment] = mapped_column(default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[Moment | None]
    # Set when the last attempt failed for good.
    failed_at: Mapped[Moment | None]
    last_error: Mapped[LongText | None]
