"""What a picture takes with all of its variants."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

AT_ONCE = 1000
IMAGES = sa.table("images", *map(sa.column, ("id", "bytes", "total_bytes", "variants")))


def upgrade() -> None:
    op.add_column("images", sa.Column("total_bytes", BIGINT))
    op.execute(sa.update(IMAGES).values(total_bytes=IMAGES.c.bytes))
    if op.get_context().as_sql:
        # Who upgrades by a script has no variants yet.
        return
    rendered = sa.select(IMAGES.c.id, IMAGES.c.bytes, IMAGES.c.variants).where(
        IMAGES.c.variants.is_not(None)
    )
    rendered, last = rendered.order_by(IMAGES.c.id).limit(AT_ONCE), 0
    weighed = sa.update(IMAGES).where(IMAGES.c.id == sa.bindparam("image"))
    weighed = weighed.values(total_bytes=sa.bindparam("total"))
    while some := op.get_bind().execute(rendered.where(IMAGES.c.id > last)).all():
        last = some[-1].id
        op.get_bind().execute(weighed, [{"image": row.id, "total": _total(row)} for row in some])


def downgrade() -> None:
    op.drop_column("images", "total_bytes")


def _total(row: Any) -> int:
    """With its variants."""
    return int((row.bytes or 0) + sum(made["bytes"] for made in json.loads(row.variants) or ()))
