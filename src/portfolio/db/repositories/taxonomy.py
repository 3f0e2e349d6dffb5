from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import cache_tags
from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException, RetryableException
from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.facets import LINKS, LISTINGS, MODELS, RANKS
from portfolio.db.repositories.ready_cards import mark_stale
from portfolio.db.repositories.visibility import ALL, SCHEDULED, SCOPES, visible_to
from portfolio.models.entities import EntityType
from portfolio.models.listings import Facet, PublicationTally
from portfolio.models.posts import BlogPost
from portfolio.models.taxonomy import PostTag, ProjectTag, Series, Tag
from portfolio.models.users import User

G = TypeVar("G", Tag, Series)


class GroupRepository(BaseRepository[G]):
    """What tags and series have in common: a slug and a name."""

    noun: ClassVar[str]
    facet: ClassVar[Facet]
    # What can be in one.
    kinds: ClassVar[tuple[EntityType, ...]]
    # The cache tags of what strangers see of groups, with the numbers.
    depends_on: ClassVar[tuple[str, ...]]
    default_sort: ClassVar[str] = "name"

    async def by_ref(self, db: AsyncSession, ref: int | str) -> G | None:
        key = self.model.id if isinstance(ref, int) else self.model.slug
        return await self.first(db, key == ref)

    async def visible(self, db: AsyncSession, ref: int | str, viewer: User | None) -> G | None:
        """The group, if it betrays nothing that `viewer` may not see."""
        cache_tags.note(*self.depends_on)
        key = self.model.id if isinstance(ref, int) else self.model.slug
        statement = select(self.model).where(key == ref, self._shown_to(viewer))
        return (await db.execute(statement, {"now": utc_now()})).scalar_one_or_none()

    async def visible_page(
        self, db: AsyncSession, request: PageRequest, viewer: User | None
    ) -> Page[G]:
        cache_tags.note(*self.depends_on)
        return await self.all(db, request, self._shown_to(viewer), values={"now": utc_now()})

    def _shown_to(self, viewer: User | None) -> ColumnElement[bool]:
        """For strangers: with something public in it, or empty, but not with drafts alone."""
        if visible_to(viewer) == ALL:
            return true()
        return or_(
            *(self._has_public_ones(kind) for kind in self.kinds),
            # Not EXISTS: PostgreSQL would look for all of them at once, in the whole table.
            and_(*(each.limit(1).scalar_subquery().is_(None) for each in self._members())),
        )

    def _has_public_ones(self, kind: EntityType) -> ColumnElement[bool]:
        """More are published than have a time that has not come; only these few are looked at."""
        model, listing = MODELS[kind], LISTINGS[kind]
        belongs = exists().where(
            listing.facet == self.facet,
            listing.value == self.model.id,
            listing.rank == RANKS[kind],
            listing.entity_id == model.id,
        )
        early = select(func.count(model.id)).where(
            SCOPES[SCHEDULED](model), belongs.correlate(model, self.model)
        )
        return exists().where(
            PublicationTally.entity_type == kind,
            PublicationTally.facet == self.facet,
            PublicationTally.value == self.model.id,
            PublicationTally.published > early.correlate(self.model).scalar_subquery(),
        )

    @abstractmethod
    def _members(self) -> list[Select[int]]:
        """What is in a group, public or not, of each kind."""

    async def usage(self, db: AsyncSession, ids: Sequence[int]) -> dict[int, dict[str, int]]:
        """How many public posts and projects are in each group."""
        counts: dict[int, dict[str, int]] = {key: dict.fromkeys(self.kinds, 0) for key in ids}
        published = select(
            PublicationTally.entity_type, PublicationTally.value, PublicationTally.published
        ).where(
            PublicationTally.entity_type.in_(self.kinds),
            PublicationTally.facet == self.facet,
            PublicationTally.value.in_(ids),
        )
        both = union_all(published, *(self._coming(kind) for kind in self.kinds))
        for kind, key, count in await db.execute(both, {"now": utc_now()}):
            if key in counts:
                counts[key][kind] += count
        return counts

    def _coming(self, kind: EntityType) -> Select[*tuple[Any, ...]]:
        """How many of each group have a time that has not come, below zero: few, found by index."""
        model, listing = MODELS[kind], LISTINGS[kind]
        return (
            select(literal(kind, PublicationTally.entity_type.type), listing.value, -func.count())
            .join(model, model.id == listing.entity_id)
            .where(SCOPES[SCHEDULED](model), listing.facet == self.facet)
            .group_by(listing.value)
        )

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
    facet: ClassVar = Facet.TAG
    kinds: ClassVar = (EntityType.POSTS, EntityType.PROJECTS)
    depends_on: ClassVar = ("tags", *kinds)
    sortable: ClassVar = {"name": Tag.name, "slug": Tag.slug, "created_at": Tag.created_at}

    def _members(self) -> list[Select[int]]:
        return [
            select(link.tag_id).where(link.tag_id == Tag.id).correlate(Tag)
            for link in (PostTag, ProjectTag)
        ]

    async def attach(
        self, db: AsyncSession, kind: EntityType, entity_id: int, tag_ids: Sequence[int]
    ) -> None:
        """Make these the tags of the entity, in this order."""
        mark_stale(db, kind, [entity_id])
        link, owner = LINKS[kind]
        tags = (kind, cache_tags.one(kind.noun, entity_id))
        await db.execute(
            delete(link)
            .where(owner == entity_id)
            .execution_options(synchronize_session=False, cache_tags=tags)
        )
        if tag_ids:
            await db.execute(
                insert(link).execution_options(cache_tags=tags),
                [
                    {owner.key: entity_id, "tag_id": tag_id, "position": position}
                    for position, tag_id in enumerate(dict.fromkeys(tag_ids))
                ],
            )

    async def merge(self, db: AsyncSession, tag: Tag, into: Tag) -> None:
        """Everything that bears `tag` bears `into` instead; `tag` is gone."""
        held = select(Tag.id).where(Tag.id.in_([tag.id, into.id])).order_by(Tag.id)
        held = held.with_for_update().with_hint(Tag, "WITH (XLOCK, ROWLOCK)", "mssql")
        if len((await db.execute(held)).all()) < 2:  # noqa: PLR2004 - tag and into
            # Another merge took one of them: look again in a new transaction.
            raise RetryableException
        for kind, (link, owner) in LINKS.items():
            bearers = await db.execute(select(owner).where(link.tag_id == tag.id))
            mark_stale(db, kind, bearers.scalars())
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
    facet: ClassVar = Facet.SERIES
    kinds: ClassVar = (EntityType.POSTS,)
    depends_on: ClassVar = ("series", *kinds)
    sortable: ClassVar = {"name": Series.name, "slug": Series.slug, "created_at": Series.created_at}

    def _members(self) -> list[Select[int]]:
        return [select(BlogPost.id).where(BlogPost.series_id == Series.id).correlate(Series)]
