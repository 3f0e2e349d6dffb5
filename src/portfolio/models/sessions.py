"""Logins. Their tokens are stored as digests only."""

from sqlalchemy import ForeignKey, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.core.context import AGENT_LENGTH, CLIENT_LENGTH
from portfolio.models.base import Base, Entity
from portfolio.models.types import BIGINT, Moment


class UserSession(Entity):
    """A login. Its `sid` is in every access token; ending the row ends them all."""

    __tablename__ = "user_sessions"

    sid: Mapped[str] = mapped_column(Unicode(43), unique=True)
    user_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    refresh_digest: Mapped[str] = mapped_column(Unicode(64), unique=True)
    address: Mapped[str] = mapped_column(Unicode(CLIENT_LENGTH))
    agent: Mapped[str] = mapped_column(Unicode(AGENT_LENGTH))
    # Of the login or of the last refresh.
    last_seen_at: Mapped[Moment]
    # Since when nobody proved again who sits there; sensitive changes ask for five minutes at most.
    authenticated_at: Mapped[Moment | None]
    expires_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class SpentRefreshToken(Base):
    """A refresh token that was exchanged. Whoever brings it again may have stolen it (RFC 9700)."""

    __tablename__ = "spent_refresh_tokens"

    digest: Mapped[str] = mapped_column(Unicode(64), primary_key=True)
    session_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("user_sessions.id", ondelete="CASCADE"), index=True
    )
    spent_at: Mapped[Moment]
