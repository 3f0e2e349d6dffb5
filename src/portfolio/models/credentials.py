"""What proves who someone is: sessions and one-time tokens, stored as digests only."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Entity
from portfolio.models.types import BIGINT, Moment, enum_of


class UserSession(Entity):
    """A login. Its `sid` is in every access token; ending the row ends them all."""

    __tablename__ = "user_sessions"

    sid: Mapped[str] = mapped_column(Unicode(43), unique=True)
    user_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    refresh_digest: Mapped[str] = mapped_column(Unicode(64), unique=True)
    address: Mapped[str] = mapped_column(Unicode(64))
    agent: Mapped[str] = mapped_column(Unicode(300))
    last_seen_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class Purpose(StrEnum):
    SETUP = "setup"


class OneTimeToken(Entity):
    """A secret that works once, until it expires."""

    __tablename__ = "one_time_tokens"

    purpose: Mapped[Purpose] = mapped_column(enum_of(Purpose, "purpose"))
    digest: Mapped[str] = mapped_column(Unicode(64), unique=True)
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
