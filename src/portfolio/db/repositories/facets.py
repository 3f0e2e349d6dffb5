"""Keeps the listings of what is published equal to what its rows say.

Done before the commit for all that the transaction noted (ready_cards.mark_stale), while it holds those
rows: neither the ORM nor the order of statements, savepoints or other writers can lead it astray.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.repositories.visibility import published
from portfolio.models.entities import EntityType
from portfolio.models.listings import Facet, Listing, PostListing, ProjectListing
from portfolio.models.posts import BlogPost
from portfolio.models.projects import Project
from portfolio.models.publications import Publishable
from portfolio.models.taxonomy import PostTag, ProjectTag

# (facet, value, rank, id): the columns of a Listing.
Row = tuple[Facet, int, Any, int]
Difference = Counter[tuple[Facet, int]]
COLUMNS = ("facet", "value", "rank", "entity_id")

MODELS: dict[EntityType, type[Publishable]] = {
    EntityType.POSTS: BlogPost,
    EntityType.PROJECTS: Project,
}
LISTINGS: Mapping[EntityType, Any] = {
    EntityType.POSTS: PostListing,
    EntityType.PROJECTS: ProjectListing,
}
RANKS: Mapping[EntityType, Any] = {
    EntityType.POSTS: BlogPost.listed_at,
    EntityType.PROJECTS: Project.position,
}
LINKS: Mapping[EntityType, Any] = {
    EntityType.POSTS: (PostTag, PostTag.post_id),
    EntityType.PROJECTS: (ProjectTag, ProjectTag.project_id),
}
# Besides ALL and TAG, by the column that the value comes from.
FACETS: Mapping[EntityType, Mapping[Facet, Any]] = {
    EntityType.POSTS: {
        Facet.SERIES: BlogPost.series_id,
        Facet.AUTHOR: BlogPost.author_id,
        Facet.FEATURED: BlogPost.featured,
        Facet.YEAR: BlogPost.listed_at,
    },
    EntityType.PROJECTS: {Facet.FEATURED: Project.featured},
}


async def renew(db: AsyncSession, kind: EntityType, ids: Sequence[int]) -> Difference:
    """Make the listings of these right; returns by how much the tallies are wrong now.

    The rows are held by the caller.
    """
    listing = LISTINGS[kind]
    kept, meant = await _kept(db, kind, ids), await _meant(db, kind, ids)
    if kept - meant:
        await _run_many(db, _removal(listing), kept - meant)
    if meant - kept:
        await _run_many(db, insert(listing.__table__), meant - kept)
    difference = Counter((facet, value) for facet, value, _, _ in meant)
    difference.subtract((facet, value) for facet, value, _, _ in kept)
    return difference


async def _run_many(db: AsyncSession, statement: Any, rows: Collection[Row]) -> None:
    connection = await db.connection()
    # In one order for all, so that nobody blocks who waits.
    await connection.execute(
        statement, [dict(zip(COLUMNS, row, strict=True)) for row in sorted(rows)]
    )


def _removal(listing: type[Listing]) -> Any:
    table: Any = listing.__table__
    return delete(table).where(*(table.c[name] == bindparam(name) for name in COLUMNS))


async def _kept(db: AsyncSession, kind: EntityType, ids: Sequence[int]) -> set[Row]:
    listing = LISTINGS[kind]
    columns = [getattr(listing, name) for name in COLUMNS]
    found = await db.execute(select(*columns).where(listing.entity_id.in_(ids)))
    return {(row.facet, row.value, row.rank, row.entity_id) for row in found}


async def _meant(db: AsyncSession, kind: EntityType, ids: Sequence[int]) -> set[Row]:
    model, (link, owner), facets = MODELS[kind], LINKS[kind], FACETS[kind]
    listed = select(model.id, RANKS[kind], *facets.values()).where(
        model.id.in_(ids), published(model)
    )
    rows: set[Row] = set()
    ranks: dict[int, Any] = {}
    for key, rank, *values in await db.execute(listed):
        ranks[key] = rank
        rows.add((Facet.ALL, 0, rank, key))
        rows.update(
            (facet, _number(value), rank, key)
            for facet, value in zip(facets, values, strict=True)
            if value is not None
        )
    tagged = await db.execute(select(owner, link.tag_id).where(owner.in_(list(ranks))))
    rows.update((Facet.TAG, tag_id, ranks[key], key) for key, tag_id in tagged)
    return rows


def _number(value: Any) -> int:
    return value.year if isinstance(value, datetime) else int(value)
