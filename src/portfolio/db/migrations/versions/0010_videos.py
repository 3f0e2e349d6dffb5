"""Videos of posts, projects and profiles."""

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, JSONText, choice, entity

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "videos",
        *entity(),
        sa.Column("entity_type", choice("posts", "projects", "profiles", name="entity_type")),
        sa.Column("entity_id", BIGINT),
        sa.Column("url", sa.Unicode(2000), nullable=False),
        sa.Column("storage_key", sa.Unicode(200)),
        sa.Column(
            "provider", choice("file", "youtube", "vimeo", "other", name="provider"), nullable=False
        ),
        sa.Column("embed_url", sa.Unicode(2000)),
        sa.Column("poster", sa.Unicode(2000)),
        sa.Column("poster_key", sa.Unicode(200)),
        sa.Column("title", sa.Unicode(300)),
        sa.Column("duration", sa.Double()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("bytes", BIGINT),
        sa.Column("content_type", sa.Unicode(100)),
        sa.Column("captions", JSONText(), nullable=False),
        sa.Column("uploaded_by", BIGINT),
    )
    op.create_index("ix_videos_entity", "videos", ["entity_type", "entity_id", "position"])
    for name in ("storage_key", "poster_key", "uploaded_by"):
        op.create_index(f"ix_videos_{name}", "videos", [name])


def downgrade() -> None:
    op.drop_table("videos")
