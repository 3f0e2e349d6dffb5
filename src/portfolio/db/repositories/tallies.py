"""Keeps publication_tallies equal to what a count would say."""

from typing import Any

from sqlalchemy import Connection, Integer, bindparam, event, func, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper

from portfolio.models.bookkeeping import PublicationTally
from portfolio.models.entities import EntityType
from portfolio.models.posts import BlogPost
from portfolio.models.projects import Project
from portfolio.models.publications import Publishable, Status

TALLIED: dict[EntityType, type[Publishable]] = {
    EntityType.POSTS: BlogPost,
    EntityType.PROJECTS: Project,
}
_ADD = (
    update(PublicationTally)
    .where(PublicationTally.entity_type == bindparam("kind"))
    .values(published=PublicationTally.published + bindparam("difference", type_=Integer))
)


async def recount(db: AsyncSession) -> None:
    """Set every tally anew; done at start, since rows may have been written by other hands."""
    for kind, model in TALLIED.items():
        # Whoever writes meanwhile adds to the tally after us: first the lock, then the count.
        kept = (
            select(PublicationTally)
            .where(PublicationTally.entity_type == kind)
            .with_for_update()
            .with_hint(PublicationTally, "WITH (UPDLOCK, ROWLOCK)", "mssql")
            .execution_options(populate_existing=True)
        )
        tally = (await db.execute(kept)).scalar_one()
        count = select(func.count(model.id)).where(
            model.status == Status.PUBLISHED, model.deleted_at.is_(None)
        )
        tally.published = (await db.execute(count)).scalar_one()
    await db.flush()


def _counts(status: Status | None, deleted_at: object) -> int:
    return int(status is Status.PUBLISHED and deleted_at is None)


def _before(row: Publishable, name: str) -> Any:
    history = inspect(row).attrs[name].history
    return history.deleted[0] if history.deleted else getattr(row, name)


def _add(connection: Connection, row: Publishable, difference: int) -> None:
    if difference:
        kind = next(kind for kind, model in TALLIED.items() if isinstance(row, model))
        connection.execute(_ADD, {"kind": kind, "difference": difference})


@event.listens_for(Publishable, "after_insert", propagate=True)
def _inserted(_mapper: Mapper[Any], connection: Connection, row: Publishable) -> None:
    _add(connection, row, _counts(row.status, row.deleted_at))


@event.listens_for(Publishable, "after_update", propagate=True)
def _updated(_mapper: Mapper[Any], connection: Connection, row: Publishable) -> None:
    before = _counts(_before(row, "status"), _before(row, "deleted_at"))
    _add(connection, row, _counts(row.status, row.deleted_at) - before)


@event.listens_for(Publishable, "after_delete", propagate=True)
def _deleted(_mapper: Mapper[Any], connection: Connection, row: Publishable) -> None:
    _add(connection, row, -_counts(row.status, row.deleted_at))
