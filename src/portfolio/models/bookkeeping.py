"""Rows that keep the house in order and are never shown."""

from sqlalchemy import Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.clock import utc_now
from portfolio.models.base import Base, Entity
from portfolio.models.types import (
    ADDRESS_LENGTH,
    BIGINT,
    Json,
    LongText,
    Moment,
    PrimaryKey,
)


class ReplicationMark(Base):
    """One row, whose position rises after changes: replicas that show it have what was before it."""

    __tablename__ = "replication_marks"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BIGINT)


class CacheFence(Base):
    """One row, whose position rises after changes of which Redis could not be told."""

    __tablename__ = "cache_fences"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BIGINT)


class IdempotencyKey(Base):
    """The answer that a POST with this `Idempotency-Key` got, to be given again."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("scope", "key"),)

    id: Mapped[PrimaryKey]
    scope: Mapped[str] = mapped_column(Unicode(100))
    key: Mapped[str] = mapped_column(Unicode(200))
    fingerprint: Mapped[str] = mapped_column(Unicode(64))
    status: Mapped[int | None]
    headers: Mapped[Json | None]
    body: Mapped[LongText | None]
    created_at: Mapped[Moment] = mapped_column(default=utc_now, index=True)


class ImportSource(Entity):
    """Which document an entity came from, and in what state both were then."""

    __tablename__ = "import_sources"

    source: Mapped[str] = mapped_column(Unicode(ADDRESS_LENGTH), unique=True)
    entity_type: Mapped[str] = mapped_column(Unicode(20))
    entity_id: Mapped[int] = mapped_column(BIGINT)
    digest: Mapped[str] = mapped_column(Unicode(64))
    entity_version: Mapped[int]
