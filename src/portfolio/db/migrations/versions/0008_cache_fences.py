"""A fence by which those who cannot reach Redis tell the others of changes."""

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    fences = op.create_table(
        "cache_fences",
        sa.Column("id", BIGINT, primary_key=True, autoincrement=False),
        sa.Column("position", BIGINT, nullable=False),
    )
    op.bulk_insert(fences, [{"id": 1, "position": 0}])


def downgrade() -> None:
    op.drop_table("cache_fences")
