"""Every table, so that one import makes the metadata whole."""

from portfolio.models import (
    audit,
    bookkeeping,
    credentials,
    history,
    listings,
    lockout,
    media,
    outbox,
    posts,
    profiles,
    projects,
    sessions,
    taxonomy,
    two_factor,
    users,
)
from portfolio.models.base import Base

__all__ = [
    "Base",
    "audit",
    "bookkeeping",
    "credentials",
    "history",
    "listings",
    "lockout",
    "media",
    "outbox",
    "posts",
    "profiles",
    "projects",
    "sessions",
    "taxonomy",
    "two_factor",
    "users",
]
