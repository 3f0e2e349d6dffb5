from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Select, delete, null, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import ConflictException
from portfolio.db.repositories.base import BaseRepository
from portfolio.models.base import Entity
from portfolio.models.bookkeeping import IdempotencyKey, ImportSource
from portfolio.models.posts import BlogPost
from portfolio.models.profiles import Experience, Profile
from portfolio.models.projects import Project


class IdempotencyRepository:
    async def find(self, db: AsyncSession, scope: str, key: str) -> IdempotencyKey | None:
        statement = select(IdempotencyKey).where(
            IdempotencyKey.scope == scope, IdempotencyKey.key == key
        )
        return (await db.execute(statement)).scalar_one_or_none()

    async def add(self, db: AsyncSession, row: IdempotencyKey) -> IdempotencyKey:
        """Waits for a transaction that holds the same key. Raises ConflictException."""
        try:
            async with db.begin_nested():
                db.add(row)
        except IntegrityError as error:
            raise ConflictException from error
        return row

    async def flush(self, db: AsyncSession) -> None:
        await db.flush()

    async def forget(self, db: AsyncSession, scope: str) -> None:
        await db.execute(
            delete(IdempotencyKey)
            .where(IdempotencyKey.scope == scope)
            .execution_options(synchronize_session=False)
        )

    async def forget_before(self, db: AsyncSession, moment: datetime) -> None:
        await db.execute(
            delete(IdempotencyKey)
            .where(IdempotencyKey.created_at < moment)
            .execution_options(synchronize_session=False)
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import must know of a row that may be its own. A job has no slug and no bin."""

    id: int
    version: int
    created_at: datetime
    slug: str | None
    deleted_at: datetime | None


class ImportSourceRepository(BaseRepository[ImportSource]):
    model = ImportSource
    models: ClassVar[dict[str, type[Entity]]] = {
        "posts": BlogPost,
        "projects": Project,
        "experience": Experience,
    }

    async def by_source(self, db: AsyncSession, source: str) -> ImportSource | None:
        return await self.first(db, ImportSource.source == source)

    async def known(self, db: AsyncSession) -> dict[str, ImportSource]:
        """All of them, by source."""
        rows = (await db.execute(select(ImportSource))).scalars()
        return {row.source: row for row in rows}

    async def rows(self, db: AsyncSession, kind: str, owner_id: int) -> list[Imported]:
        """All rows of a kind, imported or not, in their order; of experience the owner's own."""
        return [Imported(*row) for row in await db.execute(_rows(kind, owner_id))]

    async def version_of(self, db: AsyncSession, kind: str, entity_id: int) -> int:
        model = self.models[kind]
        return (await db.execute(select(model.version).where(model.id == entity_id))).scalar_one()

    async def follow(
        self, db: AsyncSession, kind: str, entity_id: int, before: int, version: int
    ) -> None:
        """An import moved a row on from the version that it had: that is no edit by a person."""
        await db.execute(
            update(ImportSource)
            .where(
                ImportSource.entity_type == kind,
                ImportSource.entity_id == entity_id,
                ImportSource.entity_version == before,
            )
            .values(entity_version=version)
            .execution_options(synchronize_session=False)
        )


def _rows(kind: str, owner_id: int) -> Select[*tuple[Any, ...]]:
    if kind == "experience":
        return (
            select(Experience.id, Experience.version, Experience.created_at, null(), null())
            .join(Profile, Profile.id == Experience.profile_id)
            .where(Profile.user_id == owner_id)
            .order_by(Experience.position, Experience.id)
        )
    model = Project if kind == "projects" else BlogPost
    columns = (model.id, model.version, model.created_at, model.slug, model.deleted_at)
    order = (Project.position, Project.id) if kind == "projects" else (BlogPost.id,)
    return select(*columns).order_by(*order)
