"""What shows which stored file, and which files took the place of others."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, choice, key

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PATH = "/media/"
KEYS = (("images", "storage_key"), ("videos", "storage_key"), ("videos", "poster_key"))
LISTS = (("images", "variants"), ("videos", "captions"))


def upgrade() -> None:
    uses = op.create_table(
        "file_uses",
        key(),
        sa.Column("key", sa.Unicode(60), nullable=False),
        sa.Column("used_by", sa.Unicode(20), nullable=False),
        sa.Column("used_by_id", BIGINT, nullable=False),
        sa.Column("entity_type", choice("posts", "projects", "profiles", name="entity_type")),
        sa.Column("entity_id", BIGINT),
    )
    op.create_index("ix_file_uses_key", "file_uses", ["key"])
    op.create_index("ix_file_uses_used_by", "file_uses", ["used_by", "used_by_id"])
    op.create_table(
        "replaced_files",
        sa.Column("key", sa.Unicode(60), primary_key=True),
        sa.Column("successor", sa.Unicode(60), nullable=False),
    )
    op.create_index("ix_replaced_files_successor", "replaced_files", ["successor"])
    names = ("key", "used_by", "used_by_id", "entity_type", "entity_id")
    for table, column in KEYS:
        rows = sa.table(table, *map(sa.column, ("id", column, "entity_type", "entity_id")))
        found = sa.select(
            rows.c[column], sa.literal_column(f"'{table}'"), rows.c.id, *rows.c[names[3:]]
        ).where(rows.c[column].is_not(None))
        op.execute(sa.insert(uses).from_select(names, found))
    if not op.get_context().as_sql:
        # Out of reach for plain SQL: who upgrades by a script has them made again.
        op.bulk_insert(uses, [dict(zip(names, row, strict=True)) for row in _listed()])


def downgrade() -> None:
    op.drop_table("replaced_files")
    op.drop_table("file_uses")


def _listed() -> Iterator[tuple[Any, ...]]:
    """What stands in lists of addresses, as JSON."""
    for table, column in LISTS:
        rows = sa.table(table, *map(sa.column, ("id", column, "entity_type", "entity_id")))
        found = sa.select(rows.c.id, rows.c[column], rows.c.entity_type, rows.c.entity_id)
        for row_id, listed, entity_type, entity_id in op.get_bind().execute(found).all():
            for item in json.loads(listed or "[]"):
                yield item["url"].removeprefix(PATH), table, row_id, entity_type, entity_id
