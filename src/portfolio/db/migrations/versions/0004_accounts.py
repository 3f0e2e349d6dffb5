"""Accounts: two factors, sessions that rotate, lockout, API tokens."""

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, JSONText, UTCDateTime, choice, entity, key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PURPOSES = "setup", "verify_email", "change_email", "reset_password", "unlock", "invite"


def upgrade() -> None:
    op.add_column("users", sa.Column("email_verified_at", UTCDateTime()))
    op.add_column(
        "users",
        sa.Column("has_long_password", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    # Whoever is there was let in by the operator.
    op.execute("UPDATE users SET email_verified_at = created_at")
    op.add_column("user_sessions", sa.Column("authenticated_at", UTCDateTime()))
    # Nothing is lost: the only ones there are set-up links, made anew at each start.
    op.drop_table("one_time_tokens")
    op.create_table(
        "one_time_tokens",
        *entity(),
        sa.Column("purpose", choice(*PURPOSES, name="purpose"), nullable=False),
        sa.Column("digest", sa.Unicode(64), nullable=False),
        _user(nullable=True),
        sa.Column("email", sa.Unicode(254)),
        sa.Column("role", choice("user", "admin", name="role")),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime()),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_one_time_tokens_user_id", "one_time_tokens", ["user_id"])
    op.create_table(
        "spent_refresh_tokens",
        sa.Column("digest", sa.Unicode(64), primary_key=True),
        sa.Column(
            "session_id",
            BIGINT,
            sa.ForeignKey("user_sessions.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("spent_at", UTCDateTime(), nullable=False),
    )
    op.create_index("ix_spent_refresh_tokens_session_id", "spent_refresh_tokens", ["session_id"])
    op.create_table(
        "attempt_counters",
        sa.Column("key", sa.Unicode(64), primary_key=True),
        sa.Column("user_id", BIGINT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("pending_until", UTCDateTime()),
        sa.Column("locks", sa.Integer(), nullable=False),
        sa.Column("locked_until", UTCDateTime()),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
    )
    op.create_index("ix_attempt_counters_updated_at", "attempt_counters", ["updated_at"])
    op.create_index("ix_attempt_counters_user_id", "attempt_counters", ["user_id"])
    op.create_table(
        "second_factors",
        *entity(),
        _user(),
        sa.Column(
            "method", choice("totp", "email", "recovery_code", name="method"), nullable=False
        ),
        sa.Column("secret", sa.Unicode(400)),
        sa.Column("confirmed_at", UTCDateTime()),
        sa.Column("last_step", BIGINT),
        sa.UniqueConstraint("user_id", "method"),
    )
    op.create_table(
        "recovery_codes",
        key(),
        _user(),
        sa.Column("digest", sa.Unicode(64), nullable=False),
        sa.Column("used_at", UTCDateTime()),
        sa.UniqueConstraint("user_id", "digest"),
    )
    op.create_table(
        "login_challenges",
        *entity(),
        sa.Column("digest", sa.Unicode(64), nullable=False),
        _user(),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime()),
        sa.Column("code_digest", sa.Unicode(64)),
        sa.Column("code_failures", sa.Integer(), nullable=False),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_login_challenges_user_id", "login_challenges", ["user_id"])
    op.create_table(
        "api_tokens",
        *entity(),
        _user(),
        sa.Column("name", sa.Unicode(300), nullable=False),
        sa.Column("digest", sa.Unicode(64), nullable=False),
        sa.Column("hint", sa.Unicode(4), nullable=False),
        sa.Column("scopes", JSONText(), nullable=False),
        sa.Column("expires_at", UTCDateTime()),
        sa.Column("last_used_at", UTCDateTime()),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"])


def downgrade() -> None:
    for table in (
        "api_tokens",
        "login_challenges",
        "recovery_codes",
        "second_factors",
        "attempt_counters",
        "spent_refresh_tokens",
        "one_time_tokens",
    ):
        op.drop_table(table)
    op.create_table(
        "one_time_tokens",
        *entity(),
        sa.Column("purpose", choice("setup", name="purpose"), nullable=False),
        sa.Column("digest", sa.Unicode(64), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime()),
        sa.UniqueConstraint("digest"),
    )
    op.drop_column("user_sessions", "authenticated_at")
    op.drop_column("users", "has_long_password", mssql_drop_default=True)
    op.drop_column("users", "email_verified_at")


def _user(*, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(
        "user_id", BIGINT, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=nullable
    )
