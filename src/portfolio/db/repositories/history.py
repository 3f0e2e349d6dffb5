from typing import ClassVar

from sqlalchemy import ColumnElement, and_, delete, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from portfolio.core import cache_tags
from portfolio.core.clock import utc_now
from portfolio.core.pagination import Page, PageRequest
from portfolio.core.text import fold
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.visibility import public
from portfolio.models.entities import EntityType
from portfolio.models.history import Redirect, Revision
from portfolio.models.posts import BlogPost
from portfolio.models.projects import Project
from portfolio.models.publications import Publishable


class RevisionRepository(BaseRepository[Revision]):
    model = Revision
    sortable: ClassVar = {"number": Revision.number}
    default_sort: ClassVar[str] = "-number"

    async def last(self, db: AsyncSession, kind: EntityType, entity_id: int) -> Revision | None:
        statement = (
            select(Revision)
            .where(Revision.entity_type == kind, Revision.entity_id == entity_id)
            .order_by(Revision.number.desc(), Revision.id.desc())
            .limit(1)
        )
        return (await db.execute(statement)).scalar_one_or_none()

    async def numbered(
        self, db: AsyncSession, kind: EntityType, entity_id: int, number: int
    ) -> Revision | None:
        return await self.first(
            db,
            Revision.entity_type == kind,
            Revision.entity_id == entity_id,
            Revision.number == number,
        )

    async def list_of(
        self, db: AsyncSession, kind: EntityType, entity_id: int, request: PageRequest
    ) -> Page[Revision]:
        return await self.all(
            db, request, Revision.entity_type == kind, Revision.entity_id == entity_id
        )

    async def forget(self, db: AsyncSession, kind: EntityType, entity_id: int) -> None:
        await db.execute(
            delete(Revision)
            .where(Revision.entity_type == kind, Revision.entity_id == entity_id)
            .execution_options(synchronize_session=False)
        )


class RedirectRepository(BaseRepository[Redirect]):
    model = Redirect
    sortable: ClassVar = {"created_at": Redirect.created_at, "address": Redirect.address_key}
    default_sort: ClassVar[str] = "address"

    async def remember(
        self, db: AsyncSession, kind: EntityType, entity_id: int, address: str, *, is_slug: bool
    ) -> bool:
        """Have the address lead to this entity from now on; False where it did already."""
        key = fold(address)
        known = await self.first(db, Redirect.entity_type == kind, Redirect.address_key == key)
        if known is None:
            await self.create(
                db,
                Redirect(
                    entity_type=kind,
                    entity_id=entity_id,
                    address=address,
                    address_key=key,
                    is_slug=is_slug,
                ),
            )
            return True
        if known.entity_id == entity_id:
            return False
        await self.update(db, known, {"entity_id": entity_id})
        return True

    async def target(self, db: AsyncSession, kind: EntityType, address: str) -> int | None:
        """The id that an old address leads to."""
        statement = select(Redirect.entity_id).where(
            Redirect.entity_type == kind, Redirect.address_key == fold(address)
        )
        return (await db.execute(statement)).scalar_one_or_none()

    async def public_page(
        self, db: AsyncSession, request: PageRequest, address: str | None
    ) -> Page[tuple[Redirect, str]]:
        """Old addresses of what is public, each with the slug that it has now."""
        cache_tags.note("redirects", EntityType.POSTS, EntityType.PROJECTS)
        slug = func.coalesce(BlogPost.slug, Project.slug)
        reused = or_(*map(_is_live, (EntityType.POSTS, EntityType.PROJECTS), (BlogPost, Project)))
        joined = (
            (BlogPost, and_(Redirect.entity_type == EntityType.POSTS, public(BlogPost))),
            (Project, and_(Redirect.entity_type == EntityType.PROJECTS, public(Project))),
        )
        statement = select(Redirect, slug)
        count = select(func.count(Redirect.id)).select_from(Redirect)
        for model, condition in joined:
            on = and_(model.id == Redirect.entity_id, condition)
            statement, count = statement.outerjoin(model, on), count.outerjoin(model, on)
        conditions = [slug.is_not(None), not_(reused)]
        if address is not None:
            conditions.append(Redirect.address_key == fold(address))
        values = {"now": utc_now()}
        total = None
        if request.cursor is None:
            total = (await db.execute(count.where(*conditions), values)).scalar_one()
        return await self.page(db, statement.where(*conditions).params(values), request, total)

    async def forget(self, db: AsyncSession, kind: EntityType, entity_id: int) -> None:
        await db.execute(
            delete(Redirect)
            .where(Redirect.entity_type == kind, Redirect.entity_id == entity_id)
            .execution_options(synchronize_session=False)
        )


def _is_live(kind: EntityType, model: type[Publishable]) -> ColumnElement[bool]:
    """Whether the old address is by now the slug of something public, which wins."""
    other = aliased(model)
    return and_(
        Redirect.entity_type == kind,
        exists(other.id).where(other.slug == Redirect.address_key, public(other)),
    )
