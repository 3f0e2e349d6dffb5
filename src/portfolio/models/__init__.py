"""Every table, so that one import makes the metadata whole."""

from portfolio.models import (
    bookkeeping,
    credentials,
    history,
    media,
    outbox,
    posts,
    profiles,
    projects,
    taxonomy,
    users,
)
from portfolio.models.base import Base

__all__ = [
    "Base",
    "bookkeeping",
    "credentials",
    "history",
    "media",
    "outbox",
    "posts",
    "profiles",
    "projects",
    "taxonomy",
    "users",
]
