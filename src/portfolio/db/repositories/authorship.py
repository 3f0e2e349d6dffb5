from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.db.repositories.facets import MODELS
from portfolio.db.repositories.ready_cards import mark_stale
from portfolio.models.media import Image, Video


async def hand_over(db: AsyncSession, giver: int, taker: int) -> dict[str, int]:
    """Everything that one account wrote is another's from now on; how much of what that is."""
    handed = {}
    for kind, model in MODELS.items():
        author: Any = model
        ids = list((await db.execute(select(model.id).where(author.author_id == giver))).scalars())
        handed[kind.value] = len(ids)
        if not ids:
            continue
        mark_stale(db, kind, ids)
        await db.execute(
            update(model)
            .where(author.author_id == giver)
            .values(author_id=taker, version=model.version + 1, updated_at=utc_now())
            .execution_options(synchronize_session=False)
        )
    return handed


async def disown_uploads(db: AsyncSession, giver: int) -> None:
    """What this account uploaded counts for nobody from now on, nor for who may get its number."""
    for model in (Image, Video):
        await db.execute(
            update(model)
            .where(model.uploaded_by == giver)
            .values(uploaded_by=None)
            .execution_options(synchronize_session=False, cache_tags=())
        )
