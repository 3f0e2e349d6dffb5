"""The columns that the cards of posts and projects share."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func

from portfolio.db.repositories.visibility import PUBLIC, SCHEDULED
from portfolio.models.projections import AuthorRef, Counts
from portfolio.models.publications import Publishable, Status
from portfolio.models.users import User


def shared_columns(model: type[Publishable]) -> tuple[Any, ...]:
    """The columns of Card, in the order of shared_values()."""
    return (
        model.id,
        model.slug,
        model.title,
        model.reading_time,
        model.status,
        model.published_at,
        model.created_at,
        model.updated_at,
        model.deleted_at,
        model.featured,
        model.canonical_url,
        model.version,
        model.comments_count,
        model.reactions_count,
        model.views_count,
        User.id.label("user_id"),
        User.username,
        User.display_name,
        User.avatar_url,
        func.coalesce(model.summary, model.excerpt),
    )


EXCERPT, SHARED = 19, 20


def shared_values(row: Sequence[Any], now: datetime) -> dict[str, Any]:
    """The fields of Card from a row that begins with shared_columns()."""
    status, published_at = row[4], row[5]
    scheduled = status is Status.PUBLISHED and published_at > now
    return {
        "id": row[0],
        "slug": row[1],
        "title": row[2],
        "reading_time": row[3],
        "status": SCHEDULED if scheduled else status.value,
        "published_at": published_at,
        "created_at": row[6],
        "updated_at": row[7],
        "deleted_at": row[8],
        "featured": row[9],
        "canonical_url": row[10],
        "version": row[11],
        "counts": Counts(comments=row[12], reactions=row[13], views=row[14]),
        "author": AuthorRef(id=row[15], username=row[16], display_name=row[17], avatar_url=row[18]),
    }


def ready_columns(model: type[Publishable]) -> tuple[Any, ...]:
    """What ready_card() takes."""
    return (model.card, model.comments_count, model.reactions_count, model.views_count)


def ready_card(row: Sequence[Any]) -> orjson.Fragment:
    """The stored card of something public, with what changes by itself."""
    card, comments, reactions, views, *_ = row
    counts = f'{{"comments":{comments},"reactions":{reactions},"views":{views}}}'
    return orjson.Fragment(f'{card[:-1]},"status":"{PUBLIC}","counts":{counts}}}')
