"""A slug for something new: the one that was wished for, or the first free one of its title."""

import secrets
from itertools import chain, count
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import ConflictException
from portfolio.core.refs import slug_of
from portfolio.db.repositories.publications import PublicationRepository
from portfolio.models.projections import Card
from portfolio.models.publications import Publishable

M = TypeVar("M", bound=Publishable)
C = TypeVar("C", bound=Card)
D = TypeVar("D", bound=Card)
ATTEMPTS = 3


def taken(slug: str | None) -> ConflictException:
    return ConflictException(f"The slug {slug} is taken")


async def insert(
    db: AsyncSession, rows: PublicationRepository[M, C, D], row: M, wanted: str | None
) -> None:
    """Raises ConflictException for a wanted slug that is taken; one made of the title gives way."""
    if wanted:
        row.slug = wanted
        try:
            await rows.create(db, row)
        except ConflictException as error:
            raise taken(wanted) from error
        return
    base = slug_of(row.title, rows.entity_type.noun)
    for attempt in range(ATTEMPTS):
        last = attempt == ATTEMPTS - 1
        row.slug = f"{base}-{secrets.token_hex(4)}" if last else await _free(db, rows, base)
        try:
            await rows.create(db, row)
        except ConflictException:
            if last:
                raise
        else:
            return


async def _free(db: AsyncSession, rows: PublicationRepository[M, C, D], base: str) -> str:
    used = await rows.slugs_like(db, base)
    numbered = (f"{base}-{number}" for number in count(2))
    return next(slug for slug in chain([base], numbered) if slug not in used)
