"""Columns as the first revisions wrote them: frozen, whatever the models become."""

from typing import Any

import sqlalchemy as sa

from portfolio.models.types import JSONText, UTCDateTime

__all__ = ["BIGINT", "JSONText", "UTCDateTime", "choice", "entity", "key"]

BIGINT = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def key() -> sa.Column[int]:
    return sa.Column("id", BIGINT, primary_key=True)


def entity() -> list[sa.Column[Any]]:
    """The columns that every entity has."""
    return [
        key(),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    ]


def choice(*values: str, name: str) -> sa.Enum:
    """A VARCHAR with a named CHECK."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)
