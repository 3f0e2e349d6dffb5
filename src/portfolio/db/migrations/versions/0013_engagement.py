"""Comments, reactions, the contact form, choices of mail, and what live pages are told."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from portfolio.core.clock import utc_now
from portfolio.db.migrations.columns import BIGINT, JSONText, UTCDateTime, choice, entity, key

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KINDS = ("posts", "projects", "profiles")
TARGETS = ("posts", "projects", "comments")
EVENTS = (
    "comment.created",
    "comment.updated",
    "comment.deleted",
    "comment.pending",
    "reactions.changed",
    "post.published",
    "project.published",
    "contact.received",
)
EMAIL = sa.Unicode(254)


def upgrade() -> None:
    for table in ("blog_posts", "projects"):
        enabled: sa.Column[bool] = sa.Column(
            "comments_enabled", sa.Boolean(), nullable=False, server_default=sa.true()
        )
        op.add_column(table, enabled)
        _announced(table)
    _comments()
    _reactions()
    _contact()
    op.create_table(
        "mail_choices",
        *entity(),
        sa.Column("email", EMAIL, nullable=False),
        sa.Column("delivery", choice("instant", "daily", "off", name="delivery"), nullable=False),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "digest_items",
        key(),
        sa.Column("email", EMAIL, nullable=False),
        _of_comment(nullable=False, ondelete="CASCADE"),
        sa.Column(
            "occasion", choice("moderation", "comment", "reply", name="occasion"), nullable=False
        ),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.UniqueConstraint("email", "comment_id"),
    )
    op.create_index("ix_digest_items_comment_id", "digest_items", ["comment_id"])
    op.create_table(
        "spam_words",
        sa.Column("word", sa.Unicode(20), primary_key=True),
        sa.Column("spam", sa.Integer(), nullable=False),
        sa.Column("ham", sa.Integer(), nullable=False),
    )
    op.create_table(
        "live_events",
        key(),
        sa.Column("topic", sa.Unicode(80), nullable=False),
        sa.Column("audience", choice("everyone", "moderators", name="audience"), nullable=False),
        sa.Column("type", choice(*EVENTS, name="type"), nullable=False),
        sa.Column("data", JSONText(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
    )
    op.create_index("ix_live_events_created_at", "live_events", ["created_at"])


def _announced(table: str) -> None:
    op.add_column(table, sa.Column("announced_at", UTCDateTime()))
    published, announced = (
        sa.column(name, UTCDateTime()) for name in ("published_at", "announced_at")
    )
    rows = sa.table(table, published, announced, sa.column("status", sa.Unicode()))
    op.execute(
        sa.update(rows)
        .where(rows.c.status == "published", published <= utc_now())
        .values(announced_at=published)
    )


def _comments() -> None:
    statuses = choice("pending", "approved", "rejected", "spam", name="status")
    op.create_table(
        "comments",
        *entity(),
        sa.Column("entity_type", choice(*KINDS, name="entity_type"), nullable=False),
        sa.Column("entity_id", BIGINT, nullable=False),
        _of_comment("parent_id"),
        sa.Column("thread_id", BIGINT),
        sa.Column("depth", sa.Integer(), nullable=False),
        _of_user("author_id", ondelete="SET NULL"),
        sa.Column("guest_name", sa.Unicode(300)),
        sa.Column("guest_email", EMAIL),
        sa.Column("guest_website", sa.Unicode(2000)),
        sa.Column("confirmed_at", UTCDateTime()),
        sa.Column("status", statuses, nullable=False),
        sa.Column("reasons", JSONText(), nullable=False),
        sa.Column("spam_score", sa.Double()),
        sa.Column("learned_as", sa.Boolean()),
        sa.Column("digest", sa.Unicode(64), nullable=False),
        sa.Column("client", sa.Unicode(64)),
        sa.Column("agent", sa.Unicode(300)),
        sa.Column("announced_at", UTCDateTime()),
        sa.Column("edited_at", UTCDateTime()),
        sa.Column("deleted_at", UTCDateTime()),
        sa.Column("replies_count", sa.Integer(), nullable=False),
        sa.Column("reactions_count", sa.Integer(), nullable=False),
        sa.Column("reports_count", sa.Integer(), nullable=False),
        sa.Column("render_version", sa.Integer(), nullable=False),
        sa.Column("body", sa.UnicodeText(), nullable=False),
        sa.Column("html", sa.UnicodeText(), nullable=False),
    )
    op.create_index(
        "ix_comments_entity",
        "comments",
        ["entity_type", "entity_id", "thread_id", "created_at", "id"],
    )
    op.create_index("ix_comments_queue", "comments", ["status", "created_at", "id"])
    for name in ("parent_id", "author_id", "guest_email", "digest", "client"):
        op.create_index(f"ix_comments_{name}", "comments", [name])
    op.create_table(
        "comment_reports",
        key(),
        _of_comment(nullable=False, ondelete="CASCADE"),
        sa.Column("person", sa.Unicode(80), nullable=False),
        sa.Column("reason", sa.UnicodeText()),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.UniqueConstraint("comment_id", "person"),
    )


def _reactions() -> None:
    op.create_table(
        "reactions",
        key(),
        sa.Column("target_type", choice(*TARGETS, name="target_type"), nullable=False),
        sa.Column("target_id", BIGINT, nullable=False),
        sa.Column("kind", sa.Unicode(40), nullable=False),
        sa.Column("person", sa.Unicode(80), nullable=False),
        _of_user("user_id"),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.UniqueConstraint("target_type", "target_id", "person", "kind"),
    )
    for name in ("person", "user_id"):
        op.create_index(f"ix_reactions_{name}", "reactions", [name])
    op.create_table(
        "reaction_tallies",
        sa.Column("target_type", choice(*TARGETS, name="target_type"), primary_key=True),
        sa.Column("target_id", BIGINT, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Unicode(40), primary_key=True),
        sa.Column("count", BIGINT, nullable=False),
    )


def _contact() -> None:
    states = choice("new", "read", "replied", "archived", "spam", name="state")
    op.create_table(
        "contact_messages",
        *entity(),
        sa.Column("name", sa.Unicode(300), nullable=False),
        sa.Column("email", EMAIL, nullable=False),
        sa.Column("subject", sa.Unicode(300), nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("reasons", JSONText(), nullable=False),
        sa.Column("spam_score", sa.Double()),
        sa.Column("learned_as", sa.Boolean()),
        sa.Column("digest", sa.Unicode(64), nullable=False),
        sa.Column("client", sa.Unicode(64)),
        sa.Column("agent", sa.Unicode(300)),
        sa.Column("message", sa.UnicodeText(), nullable=False),
    )
    op.create_index("ix_contact_messages_state", "contact_messages", ["state", "id"])
    for name in ("email", "digest"):
        op.create_index(f"ix_contact_messages_{name}", "contact_messages", [name])
    op.create_table(
        "contact_replies",
        *entity(),
        sa.Column(
            "message_id",
            BIGINT,
            sa.ForeignKey("contact_messages.id", ondelete="CASCADE"),
            nullable=False,
        ),
        _of_user("author_id", ondelete="SET NULL"),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.Column("body", sa.UnicodeText(), nullable=False),
    )
    for name in ("message_id", "author_id"):
        op.create_index(f"ix_contact_replies_{name}", "contact_replies", [name])


def _of_comment(
    name: str = "comment_id", *, nullable: bool = True, **options: Any
) -> sa.Column[int]:
    return sa.Column(name, BIGINT, sa.ForeignKey("comments.id", **options), nullable=nullable)


def _of_user(name: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, BIGINT, sa.ForeignKey("users.id", **options))


def downgrade() -> None:
    for table in (
        "live_events",
        "spam_words",
        "digest_items",
        "mail_choices",
        "contact_replies",
        "contact_messages",
        "reaction_tallies",
        "reactions",
        "comment_reports",
        "comments",
    ):
        op.drop_table(table)
    for table in ("blog_posts", "projects"):
        op.drop_column(table, "comments_enabled", mssql_drop_default=True)
        op.drop_column(table, "announced_at")
