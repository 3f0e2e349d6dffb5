"""What shares the most tags with a post or project."""

from typing import Any

from sqlalchemy import bindparam, func, select, union_all

from portfolio.core.pagination import Sort
from portfolio.db.prepared import Prepared
from portfolio.db.repositories.base import ordered
from portfolio.db.repositories.facets import LISTINGS
from portfolio.db.repositories.listings import ListedRepository
from portfolio.db.repositories.visibility import public_in_any_order
from portfolio.models.listings import Facet

# How many tags, and how many under each, are looked through.
COMPARED, CANDIDATES = 10, 100


def related_to(rows: ListedRepository[Any], limit: int, tags: int) -> Prepared:
    """The cards that share the most of so many tags, the newest first among equals.

    Wants `card_id`, `now` and `tag_0`, `tag_1` …
    """
    model, listing = rows.model, LISTINGS[rows.entity_type]
    order = Sort.parse(rows.default_sort, rows.sortable)
    first = [
        select(listing.entity_id.label("owner"))
        .where(
            listing.facet == Facet.TAG,
            listing.value == bindparam(f"tag_{number}", type_=listing.value.type),
            listing.entity_id != bindparam("card_id", type_=listing.entity_id.type),
        )
        .order_by(*ordered((listing.rank, listing.entity_id), order))
        .limit(CANDIDATES)
        .subquery()
        for number in range(tags)
    ]
    found = union_all(*(select(each.c.owner) for each in first)).subquery()
    counted = select(found.c.owner, func.count().label("common")).group_by(found.c.owner).subquery()
    return Prepared(
        rows.card_columns()
        .join(counted, counted.c.owner == model.id)
        .where(public_in_any_order(model))
        .order_by(counted.c.common.desc(), model.listed_at.desc(), model.id.desc())
        .limit(limit)
    )
