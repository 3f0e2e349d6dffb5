"""The one clock."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, aware, in UTC, to the microsecond that every database keeps."""
    return datetime.now(UTC)
