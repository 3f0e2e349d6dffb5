"""Tags and series: small groups with a name, a slug and a count of what is public in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import ConflictException, InvalidInputException, NotFoundException
from portfolio.core.pagination import Page, PageRequest
from portfolio.core.refs import parse_ref, slug_of
from portfolio.db.repositories.ready_cards import ReadyCards
from portfolio.db.repositories.taxonomy import GroupRepository, TagRepository
from portfolio.models.audit import Action
from portfolio.models.entities import EntityType
from portfolio.models.taxonomy import Series, Tag
from portfolio.models.users import User
from portfolio.schemas.taxonomy import GroupCreate, GroupUpdate, TagUpdate
from portfolio.services.audit import AuditService
from portfolio.services.slugs import taken
from portfolio.services.versions import require_version

G = TypeVar("G", Tag, Series)


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group and how many public posts and projects are in it."""

    id: int
    slug: str
    name: str
    description: str | None
    created_at: datetime
    updated_at: datetime
    version: int
    posts_count: int
    projects_count: int


class GroupService(Generic[G]):
    def __init__(self, groups: GroupRepository[G], audit: AuditService) -> None:
        self._groups: GroupRepository[G] = groups
        self._audit = audit

    async def page(
        self, db: AsyncSession, request: PageRequest, viewer: User | None
    ) -> Page[GroupView]:
        """Strangers do not find groups that only drafts are in."""
        page = await self._groups.visible_page(db, request, viewer)
        return page.with_items(await self._views(db, page.items))

    async def read(self, db: AsyncSession, ref: str, viewer: User | None) -> GroupView:
        """Raises NotFoundException."""
        group = await self._groups.visible(db, parse_ref(ref), viewer)
        if group is None:
            raise NotFoundException
        return await self._view(db, group)

    async def create(self, db: AsyncSession, data: GroupCreate) -> GroupView:
        """Raises ConflictException for a slug that is taken."""
        slug = data.slug or slug_of(data.name, self._groups.noun)
        group = self._groups.model(name=data.name, slug=slug, description=data.description)
        try:
            await self._groups.create(db, group)
        except ConflictException as error:
            raise taken(slug) from error
        await self._trace(db, group, "created", {}, _traced(group))
        return await self._view(db, group)

    async def update(
        self, db: AsyncSession, ref: str, data: GroupUpdate, expected: int | None
    ) -> GroupView:
        """Raises NotFoundException, PreconditionFailedException, ConflictException."""
        group = await self._find(db, ref)
        require_version(group, expected)
        values: dict[str, Any] = data.model_dump(exclude_unset=True, exclude={"merge_into"})
        before = _traced(group)
        try:
            await self._groups.update(db, group, values)
        except ConflictException as error:
            raise taken(values.get("slug")) from error
        await self._trace(db, group, "updated", before, _traced(group))
        return await self._view(db, group)

    async def delete(self, db: AsyncSession, ref: str, expected: int | None) -> None:
        """Only the group goes; what was in it stays."""
        group = await self._find(db, ref)
        require_version(group, expected)
        await self._trace(db, group, "deleted", _traced(group), {})
        await self._groups.delete(db, group)

    async def _find(self, db: AsyncSession, ref: str) -> G:
        group: G | None = await self._groups.by_ref(db, parse_ref(ref))
        if group is None:
            raise NotFoundException
        return group

    async def _trace(
        self,
        db: AsyncSession,
        group: G,
        verb: str,
        before: dict[str, Any],
        after: dict[str, Any],
    ) -> None:
        noun = self._groups.noun
        action = Action(f"{noun}:{verb}")
        await self._audit.record(db, action, target=(noun, group.id), before=before, after=after)

    async def _view(self, db: AsyncSession, group: G) -> GroupView:
        return (await self._views(db, [group]))[0]

    async def _views(self, db: AsyncSession, groups: list[G]) -> list[GroupView]:
        usage = await self._groups.usage(db, [group.id for group in groups])
        return [
            GroupView(
                id=group.id,
                slug=group.slug,
                name=group.name,
                description=group.description,
                created_at=group.created_at,
                updated_at=group.updated_at,
                version=group.version,
                posts_count=usage.get(group.id, {}).get(EntityType.POSTS, 0),
                projects_count=usage.get(group.id, {}).get(EntityType.PROJECTS, 0),
            )
            for group in groups
        ]


class TagService(GroupService[Tag]):
    def __init__(self, tags: TagRepository, cards: ReadyCards, audit: AuditService) -> None:
        super().__init__(tags, audit)
        self._tags = tags
        self._cards = cards

    async def update(
        self, db: AsyncSession, ref: str, data: GroupUpdate, expected: int | None
    ) -> GroupView:
        """Renames; with `merge_into`, everything that bears this tag bears the other instead."""
        if not isinstance(data, TagUpdate) or data.merge_into is None:
            return await super().update(db, ref, data, expected)
        tag = await self._find(db, ref)
        require_version(tag, expected)
        into = await self._tags.by_ref(db, data.merge_into)
        if into is None or into.id == tag.id:
            raise InvalidInputException.of("merge_into", "name another tag by its slug")
        await self._trace(db, tag, "merged", _traced(tag), _traced(into))
        await self._tags.merge(db, tag, into)
        # Only then is what bears it counted.
        await self._cards.renew_noted(db)
        return await self._view(db, into)


class SeriesService(GroupService[Series]):
    pass


def _traced(group: Tag | Series) -> dict[str, Any]:
    return {"slug": group.slug, "name": group.name, "description": group.description}
