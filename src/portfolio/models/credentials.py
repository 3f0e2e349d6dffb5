"""Secrets that work once, and those of scripts; stored as digests only."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.clock import utc_now
from portfolio.models.base import Entity
from portfolio.models.types import BIGINT, Json, Moment, ShortText, enum_of
from portfolio.models.users import Role


class Purpose(StrEnum):
    SETUP = "setup"
    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - what a token is for
    UNLOCK = "unlock"
    INVITE = "invite"


class OneTimeToken(Entity):
    """A secret that works once, until it expires."""

    __tablename__ = "one_time_tokens"

    purpose: Mapped[Purpose] = mapped_column(enum_of(Purpose, "purpose"))
    digest: Mapped[str] = mapped_column(Unicode(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(
        BIGINT, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    # The address that it was sent to, where using it proves that address.
    email: Mapped[str | None] = mapped_column(Unicode(254))
    # What an invitation makes of its guest.
    role: Mapped[Role | None] = mapped_column(enum_of(Role, "role"))
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]


class Scope(StrEnum):
    """What an API token may do; `admin` includes the others."""

    CONTENT_READ = "content:read"
    CONTENT_WRITE = "content:write"
    COMMENTS_MODERATE = "comments:moderate"
    ADMIN = "admin"


class ApiToken(Entity):
    """A long-lived bearer token of an account, for static builds and scripts."""

    __tablename__ = "api_tokens"

    user_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[ShortText]
    digest: Mapped[str] = mapped_column(Unicode(64), unique=True)
    # Its last four characters, by which its owner tells it from others.
    hint: Mapped[str] = mapped_column(Unicode(4))
    scopes: Mapped[Json]
    expires_at: Mapped[Moment | None]
    last_used_at: Mapped[Moment | None]

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= utc_now()
