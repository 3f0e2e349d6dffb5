"""What shows which stored file, and which files took the place of others."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, choice, key

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PATH = "/media/"
_ADDRESS = re.compile(r"(?<![\w.:%/-])/media/([0-9a-f]{2}/[0-9a-f]{38}\.[0-9a-z]{2,5})", re.ASCII)
KEYS = (("images", "storage_key"), ("videos", "storage_key"), ("videos", "poster_key"))
LISTS = (("images", "variants"), ("videos", "captions"))
AT_ONCE = 1000


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
    if op.get_context().as_sql:
        # Plain SQL cannot read the lists: `portfolio media render` makes all variants again, and
        # captions have to be sent once more.
        op.execute("UPDATE images SET variants = NULL")
    else:
        for listed in chain(_listed(), _named()):
            op.bulk_insert(uses, [dict(zip(names, row, strict=True)) for row in listed])


def downgrade() -> None:
    op.drop_table("replaced_files")
    op.drop_table("file_uses")


def _listed() -> Iterator[list[tuple[Any, ...]]]:
    """What stands in lists of addresses, as JSON; of so many rows at once."""
    for table, column in LISTS:
        rows = sa.table(table, *map(sa.column, ("id", column, "entity_type", "entity_id")))
        found = sa.select(rows.c.id, rows.c[column], rows.c.entity_type, rows.c.entity_id)
        found, last = found.order_by(rows.c.id).limit(AT_ONCE), 0
        while some := op.get_bind().execute(found.where(rows.c.id > last)).all():
            last = some[-1].id
            yield [
                (item["url"].removeprefix(PATH), table, row_id, entity_type, entity_id)
                for row_id, listed, entity_type, entity_id in some
                for item in json.loads(listed or "[]")
            ]


def _named() -> Iterator[list[tuple[Any, ...]]]:
    """What profiles name. Posts and projects are rendered anew after the next start, and noted then."""
    columns = "summary_markdown", "summary_html", "image_url"
    profiles = sa.table("profiles", *map(sa.column, ("id", *columns)))
    for row_id, *texts in op.get_bind().execute(sa.select(profiles)).all():
        keys = _ADDRESS.findall("\n".join(text or "" for text in texts))
        yield [(key, "profiles", row_id, "profiles", row_id) for key in dict.fromkeys(keys)]
