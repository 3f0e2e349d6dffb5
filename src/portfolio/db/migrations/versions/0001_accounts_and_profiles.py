"""Accounts and profiles."""

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, JSONText, UTCDateTime, choice, entity

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "one_time_tokens",
        *entity(),
        sa.Column("purpose", choice("setup", name="purpose"), nullable=False),
        sa.Column("digest", sa.Unicode(64), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime()),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "users",
        *entity(),
        sa.Column("email", sa.Unicode(254), nullable=False),
        sa.Column("username", sa.Unicode(40), nullable=False),
        sa.Column("display_name", sa.Unicode(300), nullable=False),
        sa.Column("avatar_url", sa.Unicode(2000)),
        sa.Column("password_hash", sa.Unicode(100)),
        sa.Column("role", choice("user", "admin", name="role"), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("last_login_at", UTCDateTime()),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("username"),
    )
    op.create_table(
        "profiles",
        *entity(),
        sa.Column("user_id", BIGINT, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Unicode(300)),
        sa.Column("headline", sa.Unicode(300)),
        sa.Column("image_url", sa.Unicode(2000)),
        sa.Column("email", sa.Unicode(254)),
        sa.Column("phone", sa.Unicode(300)),
        sa.Column("website", sa.Unicode(2000)),
        sa.Column("summary_markdown", sa.UnicodeText()),
        sa.Column("summary_html", sa.UnicodeText()),
        sa.Column("address", sa.UnicodeText()),
        sa.Column("postal_code", sa.Unicode(300)),
        sa.Column("city", sa.Unicode(300)),
        sa.Column("region", sa.Unicode(300)),
        sa.Column("country_code", sa.Unicode(20)),
        sa.Column("extras", JSONText(), nullable=False),
        sa.UniqueConstraint("user_id"),
    )
    op.create_table(
        "user_sessions",
        *entity(),
        sa.Column("sid", sa.Unicode(43), nullable=False),
        sa.Column("user_id", BIGINT, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("refresh_digest", sa.Unicode(64), nullable=False),
        sa.Column("address", sa.Unicode(64), nullable=False),
        sa.Column("agent", sa.Unicode(300), nullable=False),
        sa.Column("last_seen_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime()),
        sa.UniqueConstraint("refresh_digest"),
        sa.UniqueConstraint("sid"),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"])
    op.create_table(
        "awards",
        *entity(),
        sa.Column("title", sa.Unicode(300)),
        sa.Column("awarded_on", sa.Unicode(10)),
        sa.Column("awarder", sa.Unicode(300)),
        sa.Column("summary", sa.UnicodeText()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extras", JSONText(), nullable=False),
        sa.Column(
            "profile_id", BIGINT, sa.ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False
        ),
    )
    op.create_index("ix_awards_profile_id", "awards", ["profile_id"])
    op.create_table(
        "certificates",
        *entity(),
        sa.Column("name", sa.Unicode(300)),
        sa.Column("issued_on", sa.Unicode(10)),
        sa.Column("url", sa.Unicode(2000)),
        sa.Column("issuer", sa.Unicode(300)),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extras", JSONText(), nullable=False),
        sa.Column(
            "profile_id", BIGINT, sa.ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False
        ),
    )
    op.create_index("ix_certificates_profile_id", "certificates", ["profile_id"])
    op.create_table(
        "education",
        *entity(),
        sa.Column("institution", sa.Unicode(300)),
        sa.Column("url", sa.Unicode(2000)),
        sa.Column("area", sa.Unicode(300)),
        sa.Column("degree", sa.Unicode(300)),
        sa.Column("started_on", sa.Unicode(10)),
        sa.Column("ended_on", sa.Unicode(10)),
        sa.Column("score", sa.Unicode(300)),
        sa.Column("courses", JSONText()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extras", JSONText(), nullable=False),
        sa.Column(
            "profile_id", BIGINT, sa.ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False
        ),
    )
    op.create_index("ix_education_profile_id", "education", ["profile_id"])
    op.create_table(
        "experience",
        *entity(),
        sa.Column("company", sa.Unicode(300)),
        sa.Column("title", sa.Unicode(300)),
        sa.Column("location", sa.Unicode(300)),
        sa.Column("description", sa.UnicodeText()),
        sa.Column("url", sa.Unicode(2000)),
        sa.Column("started_on", sa.Unicode(10)),
        sa.Column("ended_on", sa.Unicode(10)),
        sa.Column("summary", sa.UnicodeText()),
        sa.Column("highlights", JSONText()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extras", JSONText(), nullable=False),
        sa.Column(
            "profile_id", BIGINT, sa.ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False
        ),
    )
    op.create_index("ix_experience_profile_id", "experience", ["profile_id"])
    op.create_table(
        "languages",
        *entity(),
        sa.Column("language", sa.Unicode(300)),
        sa.Column("fluency", sa.Unicode(300)),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extras", JSONText(), nullable=False),
        sa.Column(
            "profile_id", BIGINT, sa.ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False
        ),
    )
    op.create_index("ix_languages_profile_id", "languages", ["profile_id"])
    op.create_table(
        "skills",
        *entity(),
        sa.Column("name", sa.Unicode(300)),
        sa.Column("level", sa.Unicode(300)),
        sa.Column("keywords", JSONText()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extras", JSONText(), nullable=False),
        sa.Column(
            "profile_id", BIGINT, sa.ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False
        ),
    )
    op.create_index("ix_skills_profile_id", "skills", ["profile_id"])
    op.create_table(
        "social_links",
        *entity(),
        sa.Column("network", sa.Unicode(300)),
        sa.Column("username", sa.Unicode(300)),
        sa.Column("url", sa.Unicode(2000)),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extras", JSONText(), nullable=False),
        sa.Column(
            "profile_id", BIGINT, sa.ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False
        ),
    )
    op.create_index("ix_social_links_profile_id", "social_links", ["profile_id"])


def downgrade() -> None:
    op.drop_table("social_links")
    op.drop_table("skills")
    op.drop_table("languages")
    op.drop_table("experience")
    op.drop_table("education")
    op.drop_table("certificates")
    op.drop_table("awards")
    op.drop_table("user_sessions")
    op.drop_table("profiles")
    op.drop_table("users")
    op.drop_table("one_time_tokens")
