"""What a picture takes with all of its variants."""

import json

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

IMAGES = sa.table("images", *map(sa.column, ("id", "bytes", "total_bytes", "variants")))


def upgrade() -> None:
    op.add_column("images", sa.Column("total_bytes", BIGINT))
    op.execute(sa.update(IMAGES).values(total_bytes=IMAGES.c.bytes))
    if op.get_context().as_sql:
        # Out of reach for plain SQL: who upgrades by a script has the originals counted alone.
        return
    rendered = sa.select(IMAGES.c.id, IMAGES.c.bytes, IMAGES.c.variants).where(
        IMAGES.c.variants.is_not(None)
    )
    for row_id, original, variants in op.get_bind().execute(rendered).all():
        total = (original or 0) + sum(made["bytes"] for made in json.loads(variants) or ())
        op.execute(sa.update(IMAGES).where(IMAGES.c.id == row_id).values(total_bytes=total))


def downgrade() -> None:
    op.drop_column("images", "total_bytes")
