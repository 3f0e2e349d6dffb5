"""Optimistic locking: a change says which version it was made from."""

from portfolio.core.errors import PreconditionFailedException
from portfolio.models.base import Entity


def require_version(row: Entity, expected: int | None) -> None:
    """Raises PreconditionFailedException when the caller has seen another version than this."""
    if expected is not None and row.version != expected:
        raise PreconditionFailedException(
            f"Changed in the meantime: this is version {row.version}, If-Match named {expected};"
            " read it again and repeat the change"
        )
