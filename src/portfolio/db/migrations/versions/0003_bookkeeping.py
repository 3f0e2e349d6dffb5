"""Bookkeeping."""

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, JSONText, UTCDateTime, choice, entity, key

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        key(),
        sa.Column("scope", sa.Unicode(100), nullable=False),
        sa.Column("key", sa.Unicode(200), nullable=False),
        sa.Column("fingerprint", sa.Unicode(64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", JSONText()),
        sa.Column("body", sa.UnicodeText()),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.UniqueConstraint("scope", "key"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "import_sources",
        *entity(),
        sa.Column("source", sa.Unicode(400), nullable=False),
        sa.Column("entity_type", sa.Unicode(20), nullable=False),
        sa.Column("entity_id", BIGINT, nullable=False),
        sa.Column("digest", sa.Unicode(64), nullable=False),
        sa.Column("entity_version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("source"),
    )
    op.create_table(
        "outbox_jobs",
        key(),
        sa.Column("topic", sa.Unicode(60), nullable=False),
        sa.Column("payload", JSONText(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("available_at", UTCDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished_at", UTCDateTime()),
        sa.Column("failed_at", UTCDateTime()),
        sa.Column("last_error", sa.UnicodeText()),
    )
    op.create_index("ix_outbox_jobs_due", "outbox_jobs", ["finished_at", "available_at"])
    tallies = op.create_table(
        "publication_tallies",
        sa.Column(
            "entity_type",
            choice("posts", "projects", "profiles", name="entity_type"),
            primary_key=True,
        ),
        sa.Column("published", BIGINT, nullable=False),
    )
    op.bulk_insert(
        tallies, [{"entity_type": kind, "published": 0} for kind in ("posts", "projects")]
    )


def downgrade() -> None:
    op.drop_table("publication_tallies")
    op.drop_table("outbox_jobs")
    op.drop_table("import_sources")
    op.drop_table("idempotency_keys")
