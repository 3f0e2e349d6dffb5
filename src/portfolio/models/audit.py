"""The audit trail: what was done, by whom, from where; and the chain that seals it.

Entries and seals are only ever added: triggers of the database refuse everything else.
"""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Unicode
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.core.clock import utc_now
from portfolio.core.context import AGENT_LENGTH, CLIENT_LENGTH, REQUEST_ID_LENGTH
from portfolio.models.base import Base
from portfolio.models.types import BIGINT, Json, Moment, PrimaryKey

ACTION_LENGTH = 60
DIGEST_LENGTH = 43  # 256 bits in base64url


class Action(StrEnum):
    """Everything that leaves a trace, as subject:action. Names that were used once stay."""

    AUTH_LOGIN = "auth:login"
    AUTH_LOGIN_FAILED = "auth:login_failed"
    AUTH_LOCKED = "auth:locked"
    AUTH_UNLOCKED = "auth:unlocked"
    AUTH_LOGOUT = "auth:logout"
    AUTH_REFRESH_REUSED = "auth:refresh_reused"
    AUTH_REAUTHENTICATED = "auth:reauthenticated"
    AUTH_REAUTHENTICATION_FAILED = "auth:reauthentication_failed"

    USER_CREATED = "user:created"
    USER_REGISTERED = "user:registered"
    USER_VERIFIED = "user:verified"
    USER_UPDATED = "user:updated"
    USER_ROLE_CHANGED = "user:role_changed"
    USER_ACTIVATED = "user:activated"
    USER_DEACTIVATED = "user:deactivated"
    USER_DELETED = "user:deleted"
    USER_EXPORTED = "user:exported"
    USER_EMAIL_CHANGE_REQUESTED = "user:email_change_requested"
    USER_EMAIL_CHANGED = "user:email_changed"
    USER_PASSWORD_CHANGED = "user:password_changed"  # noqa: S105 - the name of an action
    USER_PASSWORD_RESET_REQUESTED = "user:password_reset_requested"  # noqa: S105 - same
    USER_PASSWORD_RESET = "user:password_reset"  # noqa: S105 - same

    SESSION_ENDED = "session:ended"
    SESSIONS_ENDED = "sessions:ended"

    TWO_FACTOR_TOTP_ENABLED = "two_factor:totp_enabled"
    TWO_FACTOR_TOTP_DISABLED = "two_factor:totp_disabled"
    TWO_FACTOR_EMAIL_ENABLED = "two_factor:email_enabled"
    TWO_FACTOR_EMAIL_DISABLED = "two_factor:email_disabled"
    TWO_FACTOR_RECOVERY_CODES_MADE = "two_factor:recovery_codes_made"
    TWO_FACTOR_RECOVERY_CODE_USED = "two_factor:recovery_code_used"
    TWO_FACTOR_FAILED = "two_factor:failed"
    TWO_FACTOR_BLOCKED = "two_factor:blocked"
    TWO_FACTOR_RESET = "two_factor:reset"

    API_TOKEN_CREATED = "api_token:created"  # noqa: S105 - the name of an action
    API_TOKEN_REVOKED = "api_token:revoked"  # noqa: S105 - same
    INVITE_CREATED = "invite:created"

    POST_CREATED = "post:created"
    POST_UPDATED = "post:updated"
    POST_PUBLISHED = "post:published"
    POST_UNPUBLISHED = "post:unpublished"
    POST_DELETED = "post:deleted"
    POST_RESTORED = "post:restored"
    PROJECT_CREATED = "project:created"
    PROJECT_UPDATED = "project:updated"
    PROJECT_PUBLISHED = "project:published"
    PROJECT_UNPUBLISHED = "project:unpublished"
    PROJECT_DELETED = "project:deleted"
    PROJECT_RESTORED = "project:restored"
    PROFILE_UPDATED = "profile:updated"
    RESUME_REPLACED = "resume:replaced"
    TAG_CREATED = "tag:created"
    TAG_UPDATED = "tag:updated"
    TAG_MERGED = "tag:merged"
    TAG_DELETED = "tag:deleted"
    SERIES_CREATED = "series:created"
    SERIES_UPDATED = "series:updated"
    SERIES_DELETED = "series:deleted"

    COMMENT_APPROVED = "comment:approved"
    COMMENT_REJECTED = "comment:rejected"
    COMMENT_MARKED_SPAM = "comment:marked_spam"
    COMMENT_EDITED = "comment:edited"
    COMMENT_DELETED = "comment:deleted"
    CONTACT_UPDATED = "contact:updated"
    CONTACT_REPLIED = "contact:replied"
    CONTACT_DELETED = "contact:deleted"

    @property
    def failed(self) -> bool:
        """Whether it tells of something that was refused."""
        return self in _FAILURES


_FAILURES = {
    Action.AUTH_LOGIN_FAILED,
    Action.AUTH_LOCKED,
    Action.AUTH_REFRESH_REUSED,
    Action.AUTH_REAUTHENTICATION_FAILED,
    Action.TWO_FACTOR_FAILED,
    Action.TWO_FACTOR_BLOCKED,
}


class AuditEntry(Base):
    """One thing that was done. It outlives the account, of which it keeps no more than a number.

    `digest` is a MAC of the rest, so that nobody writes an entry, or changes one, who has only
    the database. `changes` has "before" and "after", each with the fields that differ.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_created_at", "created_at", "id"),
        Index("ix_audit_entries_action", "action", "created_at"),
        Index("ix_audit_entries_actor_id", "actor_id", "created_at"),
        Index("ix_audit_entries_target", "target_type", "target_id"),
    )

    id: Mapped[PrimaryKey]
    action: Mapped[str] = mapped_column(Unicode(ACTION_LENGTH))
    actor_id: Mapped[int | None] = mapped_column(BIGINT)
    target_type: Mapped[str | None] = mapped_column(Unicode(40))
    target_id: Mapped[int | None] = mapped_column(BIGINT)
    request_id: Mapped[str] = mapped_column(Unicode(REQUEST_ID_LENGTH))
    changes: Mapped[Json]
    created_at: Mapped[Moment]
    origin_digest: Mapped[str] = mapped_column(Unicode(DIGEST_LENGTH))
    # Each is one of its kind, for there is chance in the origin: a copied row is refused.
    digest: Mapped[str] = mapped_column(Unicode(DIGEST_LENGTH), unique=True)

    origin: Mapped["AuditOrigin | None"] = relationship(lazy="raise")

    @property
    def address(self) -> str | None:
        return self.origin.address if self.origin else None

    @property
    def agent(self) -> str | None:
        return self.origin.agent if self.origin else None


class AuditOrigin(Base):
    """Where it came from: apart from the entry, so that it can be forgotten and the chain stay.

    `salt` goes with it, and with that the last chance to guess an address from its digest.
    """

    __tablename__ = "audit_origins"

    entry_id: Mapped[int] = mapped_column(
        BIGINT, ForeignKey("audit_entries.id"), primary_key=True, autoincrement=False
    )
    address: Mapped[str] = mapped_column(Unicode(CLIENT_LENGTH))
    agent: Mapped[str] = mapped_column(Unicode(AGENT_LENGTH))
    salt: Mapped[str] = mapped_column(Unicode(DIGEST_LENGTH))
    created_at: Mapped[Moment] = mapped_column(index=True)


class AuditSeal(Base):
    """A link of the chain: a MAC of the link before and of an entry, in the order of commits."""

    __tablename__ = "audit_seals"

    sequence: Mapped[int] = mapped_column(BIGINT, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(BIGINT, unique=True)
    digest: Mapped[str] = mapped_column(Unicode(DIGEST_LENGTH))
    created_at: Mapped[Moment] = mapped_column(default=utc_now)
