"""The audit trail, which the database itself keeps from being changed."""

import sqlalchemy as sa
from alembic import op

from portfolio.db.migrations.columns import BIGINT, JSONText, UTCDateTime, key

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUSAL = "the audit trail is only ever added to"
# REPLACE is an INSERT that deletes without asking the trigger for DELETE.
KEYS = {
    "audit_entries": "id = NEW.id OR digest = NEW.digest",
    "audit_seals": "sequence = NEW.sequence OR entry_id = NEW.entry_id",
}


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        key(),
        sa.Column("action", sa.Unicode(60), nullable=False),
        sa.Column("actor_id", BIGINT),
        sa.Column("target_type", sa.Unicode(40)),
        sa.Column("target_id", BIGINT),
        sa.Column("request_id", sa.Unicode(64), nullable=False),
        sa.Column("changes", JSONText(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("origin_digest", sa.Unicode(43), nullable=False),
        sa.Column("digest", sa.Unicode(43), nullable=False),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "created_at"])
    op.create_index("ix_audit_entries_actor_id", "audit_entries", ["actor_id", "created_at"])
    op.create_index("ix_audit_entries_created_at", "audit_entries", ["created_at", "id"])
    op.create_index("ix_audit_entries_target", "audit_entries", ["target_type", "target_id"])
    op.create_table(
        "audit_origins",
        sa.Column(
            "entry_id",
            BIGINT,
            sa.ForeignKey("audit_entries.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("address", sa.Unicode(64), nullable=False),
        sa.Column("agent", sa.Unicode(300), nullable=False),
        sa.Column("salt", sa.Unicode(43), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
    )
    op.create_index("ix_audit_origins_created_at", "audit_origins", ["created_at"])
    op.create_table(
        "audit_seals",
        sa.Column("sequence", BIGINT, primary_key=True, autoincrement=False),
        sa.Column("entry_id", BIGINT, nullable=False),
        sa.Column("digest", sa.Unicode(43), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.UniqueConstraint("entry_id"),
    )
    guard = {"sqlite": _guard_sqlite, "postgresql": _guard_postgresql, "mssql": _guard_sql_server}
    guard[op.get_context().dialect.name]()


def downgrade() -> None:
    op.drop_table("audit_seals")
    op.drop_table("audit_origins")
    op.drop_table("audit_entries")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_audit_change()")


def _guard_sqlite() -> None:
    for table, same in KEYS.items():
        exists = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names are ours
        for event, condition in (("UPDATE", ""), ("DELETE", ""), ("INSERT", exists)):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for table in KEYS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )


def _guard_sql_server() -> None:
    for table in KEYS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only ON {table} INSTEAD OF UPDATE, DELETE AS "
            f"BEGIN THROW 50000, N'{REFUSAL}', 1; END"
        )
