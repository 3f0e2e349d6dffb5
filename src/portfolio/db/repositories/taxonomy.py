from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException, RetryableException
from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.ready_cards import note
from portfolio.db.repositories.visibility import ALL, public, visible_to
from portfolio.models.entities import EntityType
from portfolio.models.posts import BlogPost
from portfolio.models.projects import Project
from portfolio.models.publications import Publishable
from portfolio.models.taxonomy import PostTag, ProjectTag, Series, Tag
from portfolio.models.users import User

G = TypeVar("G", Tag, Series)
LINKS: dict[EntityType, Any] = {
    EntityType.POSTS: (PostTag, PostTag.post_id),
    EntityType.PROJECTS: (ProjectTag, ProjectTag.project_id),
}


class GroupRepository(BaseRepository[G]):
    """What tags and series have in common: a slug and a name."""

    noun: ClassVar[str]
    default_sort: ClassVar[str] = "name"

    async def by_ref(self, db: AsyncSession, ref: int | str) -> G | None:
        key = self.model.id if isinstance(ref, int) else self.model.slug
        return await self.first(db, key == ref)

    async def visible(self, db: AsyncSession, ref: int | str, viewer: User | None) -> G | None:
        """The group, if it betrays nothing that `viewer` may not see."""
        key = self.model.id if isinstance(ref, int) else self.model.slug
        statement = select(self.model).where(key == ref, self._shown_to(viewer))
        return (await db.execute(statement, {"now": utc_now()})).scalar_one_or_none()

    async def visible_page(
        self, db: AsyncSession, request: PageRequest, viewer: User | None
    ) -> Page[G]:
        return await self.all(db, request, self._shown_to(viewer), values={"now": utc_now()})

    def _shown_to(self, viewer: User | None) -> ColumnElement[bool]:
        """For strangers: with something public in it, or empty, but not with drafts alone."""
        if visible_to(viewer) == ALL:
            return true()
        members = [select(owner).where(belongs) for owner, _, belongs in self._members()]
        public_ones = [
            select(owner).join(model, model.id == owner).where(belongs, public(model))
            for owner, model, belongs in self._members()
        ]
        return or_(
            *(exists(found) for found in public_ones),
            and_(*(~exists(found) for found in members)),
        )

    @abstractmethod
    def _members(self) -> list[tuple[Any, type[Publishable], ColumnElement[bool]]]:
        """What can be in a group: the column with its id, its model, and when it belongs."""

    @abstractmethod
    async def usage(self, db: AsyncSession, ids: Sequence[int]) -> dict[int, dict[str, int]]:
        """How many public posts and projects are in each group."""

    async def ensure(self, db: AsyncSession, named: dict[str, str]) -> dict[str, int]:
        """Ids by slug for slug -> name, making those that are missing."""
        statement = select(self.model).where(self.model.slug.in_(list(named)))
        known = {row.slug: row for row in await db.scalars(statement)}
        # In one order for all, so that two who make the same ones wait but do not block each other.
        for slug in sorted(named.keys() - known.keys()):
            try:
                known[slug] = await self.create(db, self.model(slug=slug, name=named[slug]))
            except ConflictException:
                # Another transaction was first; its row is what we want.
                found = await self.by_ref(db, slug)
                if found is None:
                    raise
                known[slug] = found
        return {slug: row.id for slug, row in known.items()}


class TagRepository(GroupRepository[Tag]):
    model = Tag
    noun: ClassVar[str] = "tag"
    sortable: ClassVar = {"name": Tag.name, "slug": Tag.slug, "created_at": Tag.created_at}

    def _members(self) -> list[tuple[Any, type[Publishable], ColumnElement[bool]]]:
        return [
            (PostTag.post_id, BlogPost, PostTag.tag_id == Tag.id),
            (ProjectTag.project_id, Project, ProjectTag.tag_id == Tag.id),
        ]

    async def attach(
        self, db: AsyncSession, kind: EntityType, entity_id: int, tag_ids: Sequence[int]
    ) -> None:
        """Make these the tags of the entity, in this order."""
        note(db, kind, [entity_id])
        link, owner = LINKS[kind]
        await db.execute(
            delete(link).where(owner == entity_id).execution_options(synchronize_session=False)
        )
        if tag_ids:
            await db.execute(
                insert(link),
                [
                    {owner.key: entity_id, "tag_id": tag_id, "position": position}
                    for position, tag_id in enumerate(dict.fromkeys(tag_ids))
                ],
            )

    async def usage(self, db: AsyncSession, ids: Sequence[int]) -> dict[int, dict[str, int]]:
        """How many public posts and projects bear each tag."""
        counts: dict[int, dict[str, int]] = {tag_id: {} for tag_id in ids}
        for kind, model in ((EntityType.POSTS, BlogPost), (EntityType.PROJECTS, Project)):
            link, owner = LINKS[kind]
            statement = (
                select(link.tag_id, func.count())
                .join(model, model.id == owner)
                .where(link.tag_id.in_(ids), public(model))
                .group_by(link.tag_id)
            )
            for tag_id, count in await db.execute(statement, {"now": utc_now()}):
                counts[tag_id][kind.value] = count
        return counts

    async def merge(self, db: AsyncSession, tag: Tag, into: Tag) -> None:
        """Everything that bears `tag` bears `into` instead; `tag` is gone."""
        held = select(Tag.id).where(Tag.id.in_([tag.id, into.id])).order_by(Tag.id)
        held = held.with_for_update().with_hint(Tag, "WITH (XLOCK, ROWLOCK)", "mssql")
        if len((await db.execute(held)).all()) < 2:  # noqa: PLR2004 - tag and into
            # Another merge took one of them: look again in a new transaction.
            raise RetryableException
        for kind, (link, owner) in LINKS.items():
            bearers = await db.execute(select(owner).where(link.tag_id == tag.id))
            note(db, kind, bearers.scalars())
            both = select(owner).where(link.tag_id == into.id)
            await db.execute(
                update(link)
                .where(link.tag_id == tag.id, owner.not_in(both.scalar_subquery()))
                .values(tag_id=into.id)
                .execution_options(synchronize_session=False)
            )
        await self.delete(db, tag)


class SeriesRepository(GroupRepository[Series]):
    model = Series
    noun: ClassVar[str] = "series"
    sortable: ClassVar = {"name": Series.name, "slug": Series.slug, "created_at": Series.created_at}

    def _members(self) -> list[tuple[Any, type[Publishable], ColumnElement[bool]]]:
        own = aliased(BlogPost)
        return [(own.id, BlogPost, own.series_id == Series.id)]

    async def usage(self, db: AsyncSession, ids: Sequence[int]) -> dict[int, dict[str, int]]:
        """How many public posts are in each series."""
        statement = (
            select(BlogPost.series_id, func.count())
            .where(BlogPost.series_id.in_(ids), public(BlogPost))
            .group_by(BlogPost.series_id)
        )
        rows = await db.execute(statement, {"now": utc_now()})
        return {key: {EntityType.POSTS.value: count} for key, count in rows if key is not None}
