"""Pictures in other sizes and formats, and who uploaded them."""

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, JSONText

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("images", sa.Column("variants", JSONText()))
    op.add_column("images", sa.Column("color", sa.Unicode(7)))
    op.add_column("images", sa.Column("uploaded_by", BIGINT))
    op.create_index("ix_images_uploaded_by", "images", ["uploaded_by"])


def downgrade() -> None:
    op.drop_index("ix_images_uploaded_by", "images")
    for name in ("uploaded_by", "color", "variants"):
        op.drop_column("images", name)
