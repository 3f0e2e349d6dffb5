"""A mark by which replicas show how far they are."""

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    marks = op.create_table(
        "replication_marks",
        sa.Column("id", BIGINT, primary_key=True, autoincrement=False),
        sa.Column("position", BIGINT, nullable=False),
    )
    op.bulk_insert(marks, [{"id": 1, "position": 0}])


def downgrade() -> None:
    op.drop_table("replication_marks")
