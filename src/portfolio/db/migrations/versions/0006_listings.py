"""Listings: what filtered lists walk, and how much is in them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, UTCDateTime, choice

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = {"posts": "blog_posts", "projects": "projects"}
ORDERS = {
    "listing": "listed_at",
    **{column: column for column in ("created_at", "updated_at", "title", "views_count")},
}


def upgrade() -> None:
    _listings("post_listings", UTCDateTime())
    _listings("project_listings", sa.Integer())
    op.drop_table("publication_tallies")
    tallies = op.create_table(
        "publication_tallies",
        _kind(),
        _facet(),
        sa.Column("value", BIGINT, primary_key=True, autoincrement=False),
        sa.Column("published", BIGINT, nullable=False),
    )
    op.bulk_insert(
        tallies,
        [{"entity_type": kind, "facet": "all", "value": 0, "published": 0} for kind in KINDS],
    )
    for table in KINDS.values():
        op.drop_index(f"ix_{table}_listing", table)
        for name, column in ORDERS.items():
            op.create_index(f"ix_{table}_{name}", table, ["status", column, "id", "deleted_at"])
        # The next start makes the listings, as it does with cards that are out of date.
        op.execute(f"UPDATE {table} SET card_version = 0")  # noqa: S608 - names are ours


def downgrade() -> None:
    for table in KINDS.values():
        for name in ORDERS:
            op.drop_index(f"ix_{table}_{name}", table)
        op.create_index(f"ix_{table}_listing", table, ["status", "deleted_at", "listed_at", "id"])
    op.drop_table("publication_tallies")
    tallies = op.create_table(
        "publication_tallies", _kind(), sa.Column("published", BIGINT, nullable=False)
    )
    # The next start counts.
    op.bulk_insert(tallies, [{"entity_type": kind, "published": 0} for kind in KINDS])
    op.drop_table("project_listings")
    op.drop_table("post_listings")


def _kind() -> sa.Column[str]:
    return sa.Column(
        "entity_type",
        choice("posts", "projects", "profiles", name="entity_type"),
        primary_key=True,
    )


def _facet() -> sa.Column[str]:
    facets = "all", "tag", "series", "author", "featured", "year"
    return sa.Column("facet", choice(*facets, name="facet"), primary_key=True)


def _listings(table: str, rank: sa.types.TypeEngine[Any]) -> None:
    op.create_table(
        table,
        _facet(),
        sa.Column("value", BIGINT, primary_key=True, autoincrement=False),
        sa.Column("rank", rank, primary_key=True, autoincrement=False),
        sa.Column("entity_id", BIGINT, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{table}_entity_id", table, ["entity_id"])
