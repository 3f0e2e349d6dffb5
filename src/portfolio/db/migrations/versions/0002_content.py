"""Content."""

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, JSONText, UTCDateTime, choice, entity

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "images",
        *entity(),
        sa.Column("entity_type", choice("posts", "projects", "profiles", name="entity_type")),
        sa.Column("entity_id", BIGINT),
        sa.Column("url", sa.Unicode(2000), nullable=False),
        sa.Column("storage_key", sa.Unicode(200)),
        sa.Column("alt", sa.UnicodeText()),
        sa.Column("caption", sa.UnicodeText()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_cover", sa.Boolean(), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("bytes", BIGINT),
        sa.Column("content_type", sa.Unicode(100)),
        sa.Column("placeholder", sa.UnicodeText()),
        sa.Column("focal_point", JSONText()),
    )
    op.create_index("ix_images_entity", "images", ["entity_type", "entity_id", "position"])
    op.create_index("ix_images_storage_key", "images", ["storage_key"])
    op.create_table(
        "redirects",
        *entity(),
        sa.Column(
            "entity_type",
            choice("posts", "projects", "profiles", name="entity_type"),
            nullable=False,
        ),
        sa.Column("entity_id", BIGINT, nullable=False),
        sa.Column("address", sa.Unicode(400), nullable=False),
        sa.Column("address_key", sa.Unicode(400), nullable=False),
        sa.Column("is_slug", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("entity_type", "address_key"),
    )
    op.create_index("ix_redirects_entity", "redirects", ["entity_type", "entity_id"])
    op.create_table(
        "series",
        *entity(),
        sa.Column("slug", sa.Unicode(120), nullable=False),
        sa.Column("name", sa.Unicode(300), nullable=False),
        sa.Column("description", sa.UnicodeText()),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "tags",
        *entity(),
        sa.Column("slug", sa.Unicode(120), nullable=False),
        sa.Column("name", sa.Unicode(300), nullable=False),
        sa.Column("description", sa.UnicodeText()),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "blog_posts",
        *entity(),
        sa.Column("author_id", BIGINT, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("authors", JSONText(), nullable=False),
        sa.Column("series_id", BIGINT, sa.ForeignKey("series.id", ondelete="SET NULL")),
        sa.Column("series_position", sa.Integer()),
        sa.Column("slug", sa.Unicode(120), nullable=False),
        sa.Column("title", sa.Unicode(300), nullable=False),
        sa.Column("summary", sa.UnicodeText()),
        sa.Column("excerpt", sa.UnicodeText(), nullable=False),
        sa.Column("reading_time", sa.Integer(), nullable=False),
        sa.Column("render_version", sa.Integer(), nullable=False),
        sa.Column(
            "status", choice("draft", "published", "archived", name="status"), nullable=False
        ),
        sa.Column("published_at", UTCDateTime()),
        sa.Column("listed_at", UTCDateTime(), nullable=False),
        sa.Column("deleted_at", UTCDateTime()),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.Column("canonical_url", sa.Unicode(2000)),
        sa.Column("seo_title", sa.Unicode(300)),
        sa.Column("seo_description", sa.UnicodeText()),
        sa.Column("seo_image", sa.Unicode(2000)),
        sa.Column("comments_count", sa.Integer(), nullable=False),
        sa.Column("reactions_count", sa.Integer(), nullable=False),
        sa.Column("views_count", sa.Integer(), nullable=False),
        sa.Column("card", sa.UnicodeText(), nullable=False),
        sa.Column("card_version", sa.Integer(), nullable=False),
        sa.Column("body_markdown", sa.UnicodeText(), nullable=False),
        sa.Column("html", sa.UnicodeText(), nullable=False),
        sa.Column("toc", JSONText(), nullable=False),
        sa.UniqueConstraint("slug"),
    )
    op.create_index("ix_blog_posts_author_id", "blog_posts", ["author_id"])
    op.create_index("ix_blog_posts_card_version", "blog_posts", ["card_version"])
    op.create_index(
        "ix_blog_posts_listing", "blog_posts", ["status", "deleted_at", "listed_at", "id"]
    )
    op.create_index("ix_blog_posts_series_id", "blog_posts", ["series_id"])
    op.create_table(
        "projects",
        *entity(),
        sa.Column("author_id", BIGINT, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("links", JSONText(), nullable=False),
        sa.Column("role", sa.Unicode(300)),
        sa.Column("client", sa.Unicode(300)),
        sa.Column("started_on", sa.Unicode(10)),
        sa.Column("ended_on", sa.Unicode(10)),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Unicode(120), nullable=False),
        sa.Column("title", sa.Unicode(300), nullable=False),
        sa.Column("summary", sa.UnicodeText()),
        sa.Column("excerpt", sa.UnicodeText(), nullable=False),
        sa.Column("reading_time", sa.Integer(), nullable=False),
        sa.Column("render_version", sa.Integer(), nullable=False),
        sa.Column(
            "status", choice("draft", "published", "archived", name="status"), nullable=False
        ),
        sa.Column("published_at", UTCDateTime()),
        sa.Column("listed_at", UTCDateTime(), nullable=False),
        sa.Column("deleted_at", UTCDateTime()),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.Column("canonical_url", sa.Unicode(2000)),
        sa.Column("seo_title", sa.Unicode(300)),
        sa.Column("seo_description", sa.UnicodeText()),
        sa.Column("seo_image", sa.Unicode(2000)),
        sa.Column("comments_count", sa.Integer(), nullable=False),
        sa.Column("reactions_count", sa.Integer(), nullable=False),
        sa.Column("views_count", sa.Integer(), nullable=False),
        sa.Column("card", sa.UnicodeText(), nullable=False),
        sa.Column("card_version", sa.Integer(), nullable=False),
        sa.Column("body_markdown", sa.UnicodeText(), nullable=False),
        sa.Column("html", sa.UnicodeText(), nullable=False),
        sa.Column("toc", JSONText(), nullable=False),
        sa.UniqueConstraint("slug"),
    )
    op.create_index("ix_projects_author_id", "projects", ["author_id"])
    op.create_index("ix_projects_card_version", "projects", ["card_version"])
    op.create_index("ix_projects_listing", "projects", ["status", "deleted_at", "listed_at", "id"])
    op.create_index("ix_projects_position", "projects", ["position"])
    op.create_table(
        "revisions",
        *entity(),
        sa.Column(
            "entity_type",
            choice("posts", "projects", "profiles", name="entity_type"),
            nullable=False,
        ),
        sa.Column("entity_id", BIGINT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author_id", BIGINT, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("snapshot", JSONText(), nullable=False),
        sa.UniqueConstraint("entity_type", "entity_id", "number"),
    )
    op.create_index("ix_revisions_author_id", "revisions", ["author_id"])
    op.create_table(
        "post_tags",
        sa.Column(
            "post_id",
            BIGINT,
            sa.ForeignKey("blog_posts.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tag_id", BIGINT, sa.ForeignKey("tags.id", ondelete="CASCADE"), nullable=False),
        sa.UniqueConstraint("tag_id", "post_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "project_tags",
        sa.Column(
            "project_id",
            BIGINT,
            sa.ForeignKey("projects.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("tag_id", BIGINT, sa.ForeignKey("tags.id", ondelete="CASCADE"), nullable=False),
        sa.UniqueConstraint("tag_id", "project_id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("project_tags")
    op.drop_table("post_tags")
    op.drop_table("revisions")
    op.drop_table("projects")
    op.drop_table("blog_posts")
    op.drop_table("tags")
    op.drop_table("series")
    op.drop_table("redirects")
    op.drop_table("images")
