"""Keeps publication_tallies equal to the number of listings."""

from typing import Any

from sqlalchemy import (
    Integer,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.events import touch
from portfolio.db.repositories.facets import LISTINGS, MODELS, Difference
from portfolio.db.repositories.visibility import published
from portfolio.models.entities import EntityType
from portfolio.models.listings import Facet, PublicationTally

_TABLE: Any = PublicationTally.__table__
_OF_KIND = _TABLE.c.entity_type == bindparam("kind")
_ADD = (
    update(_TABLE)
    .where(_OF_KIND, _TABLE.c.facet == bindparam("of"), _TABLE.c.value == bindparam("number"))
    .values(published=_TABLE.c.published + bindparam("difference", type_=Integer))
)
_KNOWN = select(_TABLE.c.facet, _TABLE.c.value).where(
    _OF_KIND, _TABLE.c.value.in_(bindparam("numbers", expanding=True))
)
_ALL = Facet.ALL, 0
CHUNK = 500


async def add(db: AsyncSession, kind: EntityType, difference: Difference) -> None:
    """To be the last that a transaction does: until its end no other of this kind gets past."""
    changed = {key: number for key, number in sorted(difference.items()) if number}
    if not changed:
        return
    touch(db, (kind,))
    connection = await db.connection()
    # Whoever adds comes through this row first, and then has all others for itself.
    first = {"kind": kind, "of": Facet.ALL, "number": 0, "difference": changed.get(_ALL, 0)}
    await connection.execute(_ADD, first)
    keys = list(changed)
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        numbers = {"kind": kind, "numbers": sorted({value for _, value in chunk})}
        known = {(facet, value) for facet, value in await connection.execute(_KNOWN, numbers)}
        there = [key for key in chunk if key in known and key != _ALL]
        if there:
            await connection.execute(
                _ADD,
                [
                    {"kind": kind, "of": key[0], "number": key[1], "difference": changed[key]}
                    for key in there
                ],
            )
        new = [key for key in chunk if key not in known]
        if new:
            await connection.execute(
                insert(_TABLE),
                [
                    {
                        "entity_type": kind,
                        "facet": key[0],
                        "value": key[1],
                        "published": changed[key],
                    }
                    for key in new
                ],
            )


async def recount(db: AsyncSession) -> None:
    """Set every tally anew; done at start, since rows may have been written by other hands."""
    for kind in LISTINGS:
        await _mark_unlisted(db, kind)
    for kind, listing in LISTINGS.items():
        # Whoever writes meanwhile adds to the tallies after us: first the lock, then the count.
        held = (
            select(PublicationTally.published)
            .where(PublicationTally.entity_type == kind, PublicationTally.facet == Facet.ALL)
            .with_for_update()
            .with_hint(PublicationTally, "WITH (UPDLOCK, ROWLOCK)", "mssql")
        )
        await db.execute(held)
        groups = listing.facet, listing.value
        difference = Difference()
        for facet, value, number in await db.execute(
            select(*groups, func.count()).group_by(*groups)
        ):
            difference[facet, value] += number
        kept = select(_TABLE.c.facet, _TABLE.c.value, _TABLE.c.published).where(_OF_KIND)
        for facet, value, number in await db.execute(kept, {"kind": kind}):
            difference[facet, value] -= number
        await add(db, kind, difference)


async def _mark_unlisted(db: AsyncSession, kind: EntityType) -> None:
    """What was published, or is no longer, by other hands gets card and listings at this start."""
    model, listing = MODELS[kind], LISTINGS[kind]
    is_published = published(model)
    listed = exists().where(listing.facet == Facet.ALL, listing.entity_id == model.id)
    counts = select(
        select(func.count(model.id)).where(is_published).scalar_subquery(),
        select(func.count())
        .select_from(listing)
        .where(listing.facet == Facet.ALL)
        .scalar_subquery(),
    )
    should_be, are = (await db.execute(counts)).one()
    if are == should_be:
        return
    connection = await db.connection()
    await connection.execute(
        update(model.__table__)  # type: ignore[arg-type]  # a mapped table
        .where(
            # Those that wait for it already may be in the hands of another start.
            model.card_version != 0,
            or_(and_(is_published, not_(listed)), and_(not_(is_published), listed)),
        )
        .values(card_version=0)
    )
    gone = not_(exists().where(model.id == listing.entity_id))
    await connection.execute(delete(listing.__table__).where(gone))
