"""Reads of posts and projects: lists, details, neighbours, and who may see what.

Statements are built once for each shape that is asked for (sort, filters, audience) and then
only get their values: building and hashing one costs more than running it on SQLite.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from portfolio.core.clock import utc_now
from portfolio.core.pagination import Page, PageRequest, Sort
from portfolio.db.repositories import tallies
from portfolio.db.repositories.attachments import covers_of, images_of, tags_of
from portfolio.db.repositories.base import ROW_ID, SORT_VALUE, BaseRepository, page_of
from portfolio.models.bookkeeping import PublicationTally
from portfolio.models.entities import EntityType
from portfolio.models.projections import AuthorRef, Card, Counts, Seo
from portfolio.models.publication import Publishable, Status
from portfolio.models.types import UTCDateTime
from portfolio.models.users import User

M = TypeVar("M", bound=Publishable)
C = TypeVar("C", bound=Card)
D = TypeVar("D", bound=Card)

NOW = bindparam("now", type_=UTCDateTime())
PUBLIC, ALL = "published", "all"
SCHEDULED = "scheduled"


def public(model: type[Publishable]) -> ColumnElement[bool]:
    """What a stranger may read: published, its time come, not binned. Wants the value `now`."""
    return and_(
        model.status == Status.PUBLISHED, model.deleted_at.is_(None), model.listed_at <= NOW
    )


SCOPES: Mapping[str, Callable[[type[Publishable]], ColumnElement[bool]]] = {
    PUBLIC: public,
    SCHEDULED: lambda model: and_(
        model.status == Status.PUBLISHED, model.deleted_at.is_(None), model.listed_at > NOW
    ),
    "draft": lambda model: and_(model.status == Status.DRAFT, model.deleted_at.is_(None)),
    "archived": lambda model: and_(model.status == Status.ARCHIVED, model.deleted_at.is_(None)),
    "binned": lambda model: model.deleted_at.is_not(None),
    "any": lambda model: model.deleted_at.is_(None),
    ALL: lambda _model: true(),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a list, and how the value asked for fills its parameters."""

    condition: ColumnElement[bool]
    bind: Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """All that makes two list statements differ but for their values."""

    scope: str
    filters: frozenset[str]
    sort: Sort
    by_cursor: bool


class PublicationRepository(BaseRepository[M], Generic[M, C, D]):
    entity_type: ClassVar[EntityType]
    filters: ClassVar[Mapping[str, Filter]]
    # The columns of the table that links entities with tags.
    tagging: ClassVar[tuple[InstrumentedAttribute[int], InstrumentedAttribute[int]]]
    default_sort: ClassVar[str] = "-published_at"

    def __init__(self) -> None:
        self._list = lru_cache(maxsize=512)(self._build_list)
        self._count = lru_cache(maxsize=512)(self._build_count)
        self._detail = lru_cache(maxsize=8)(self._build_detail)

    @abstractmethod
    def card_columns(self) -> Select[Any]:
        """Columns in the order that to_card() takes them, joined with what they come from."""

    @abstractmethod
    def to_card(self, row: Sequence[Any], now: Any) -> C: ...

    @abstractmethod
    def to_detail(self, card: C, **body: Any) -> D: ...

    def visible_to(self, viewer: User | None) -> ColumnElement[bool]:
        """The one place that says who may read which. Wants the value `now`."""
        return true() if viewer is not None and viewer.is_admin else public(self.model)

    async def cards(
        self,
        db: AsyncSession,
        request: PageRequest,
        filters: Mapping[str, Any],
        scope: str = PUBLIC,
    ) -> Page[C]:
        """A page of cards with tags and covers: four statements, however many items."""
        sort = self.sort_of(request)
        values: dict[str, Any] = {"now": utc_now(), "row_limit": request.limit + 1}
        for name, value in filters.items():
            values.update(self.filters[name].bind(value))
        if request.cursor is None:
            total = await self._total(db, scope, filters, values)
            values["row_offset"] = request.offset
        else:
            cursor = self.cursor_of(request, sort)
            values.update({SORT_VALUE: cursor.value, ROW_ID: cursor.id})
            total = None
        shape = Shape(scope, frozenset(filters), sort, request.cursor is not None)
        rows = (await db.execute(self._list(shape), values)).all()
        items = [self.to_card(row, values["now"]) for row in rows[: request.limit]]
        await self._attach(db, items)
        return page_of(rows, items, request, sort, total)

    async def related(self, db: AsyncSession, card: Card, limit: int = 5) -> list[C]:
        """Public ones that share most tags with this, the newest first among equals."""
        now = utc_now()
        rows = (await db.execute(self._related(card, limit), {"now": now})).all()
        items = [self.to_card(row, now) for row in rows]
        await self._attach(db, items)
        return items

    async def detail(
        self, db: AsyncSession, ref: int | str, viewer: User | None, *, everything: bool = False
    ) -> D | None:
        """One with its body, tags and pictures, by id or slug, if `viewer` may read it."""
        everything = everything or (viewer is not None and viewer.is_admin)
        now = utc_now()
        statement = self._detail(isinstance(ref, int), ALL if everything else PUBLIC)
        row = (await db.execute(statement, {"ref": ref, "now": now})).one_or_none()
        if row is None:
            return None
        *columns, body_markdown, html, toc, seo_title, seo_description, seo_image = row
        card = self.to_card(columns, now)
        card.tags = (await tags_of(db, self.entity_type, [card.id]))[card.id]
        images = await images_of(db, self.entity_type, card.id)
        card.cover = next((image for image in images if image.cover), None)
        return self.to_detail(
            card,
            body_markdown=body_markdown,
            html=html,
            toc=toc,
            seo=Seo(title=seo_title, description=seo_description, image=seo_image),
            images=images,
        )

    async def count_view(self, db: AsyncSession, ref: int | str) -> bool:
        """Add one to the views of something public; False where there is none."""
        key = self.model.id if isinstance(ref, int) else self.model.slug
        result = await db.execute(
            update(self.model)
            .where(key == ref, public(self.model))
            .values(views_count=self.model.views_count + 1)
            .execution_options(synchronize_session=False),
            {"now": utc_now()},
        )
        return bool(result.rowcount)  # type: ignore[attr-defined]  # an UPDATE has a row count

    async def recount(self, db: AsyncSession) -> None:
        await tallies.recount(db)

    async def slugs_like(self, db: AsyncSession, base: str) -> set[str]:
        """The slug itself and those that number it: base, base-2, base-3 …"""
        slug = self.model.slug
        statement = select(slug).where(or_(slug == base, slug.like(f"{base}-%")))
        return set((await db.execute(statement)).scalars())

    async def _attach(self, db: AsyncSession, items: list[C]) -> None:
        ids = [item.id for item in items]
        if not ids:
            return
        tags = await tags_of(db, self.entity_type, ids)
        covers = await covers_of(db, self.entity_type, ids)
        for item in items:
            item.tags = tags.get(item.id, [])
            item.cover = covers.get(item.id)

    async def _total(
        self, db: AsyncSession, scope: str, filters: Mapping[str, Any], values: dict[str, Any]
    ) -> int:
        statement = self._count(scope, frozenset(filters))
        return int((await db.execute(statement, values)).scalar_one())

    def _build_count(self, scope: str, names: frozenset[str]) -> Select[Any]:
        counted = select(func.count(self.model.id))
        if scope == PUBLIC and not names:
            coming = counted.where(SCOPES[SCHEDULED](self.model)).scalar_subquery()
            return select(PublicationTally.published - coming).where(
                PublicationTally.entity_type == self.entity_type
            )
        return counted.where(SCOPES[scope](self.model), *self._conditions(names))

    def _build_list(self, shape: Shape) -> Select[Any]:
        column = self.sortable[shape.sort.key]
        statement = (
            self.card_columns()
            .add_columns(column.label(SORT_VALUE), self.model.id.label(ROW_ID))
            .where(SCOPES[shape.scope](self.model), *self._conditions(shape.filters))
            .order_by(*self.order(shape.sort))
            .limit(bindparam("row_limit", type_=Integer))
        )
        if shape.by_cursor:
            return statement.where(self.after(shape.sort))
        return statement.offset(bindparam("row_offset", type_=Integer))

    def _build_detail(self, by_id: bool, scope: str) -> Select[Any]:
        model = self.model
        key = model.id if by_id else model.slug
        return (
            self.card_columns()
            .add_columns(
                model.body_markdown,
                model.html,
                model.toc,
                model.seo_title,
                model.seo_description,
                model.seo_image,
            )
            .where(SCOPES[scope](model), key == bindparam("ref", type_=key.type))
        )

    def _conditions(self, names: frozenset[str]) -> list[ColumnElement[bool]]:
        return [self.filters[name].condition for name in sorted(names)]

    def _related(self, card: Card, limit: int) -> Select[Any]:
        owner, tag_id = self.tagging
        shared = (
            select(owner.label("owner"), func.count().label("common"))
            .where(tag_id.in_([tag.id for tag in card.tags]), owner != card.id)
            .group_by(owner)
            .subquery()
        )
        return (
            self.card_columns()
            .join(shared, shared.c.owner == self.model.id)
            .where(public(self.model))
            .order_by(shared.c.common.desc(), self.model.listed_at.desc(), self.model.id.desc())
            .limit(limit)
        )


def shared_columns(model: type[Publishable]) -> tuple[Any, ...]:
    """The columns of Card, in the order of shared_values()."""
    return (
        model.id,
        model.slug,
        model.title,
        func.coalesce(model.summary, model.excerpt),
        model.reading_time,
        model.status,
        model.published_at,
        model.created_at,
        model.updated_at,
        model.deleted_at,
        model.featured,
        model.canonical_url,
        model.version,
        model.comments_count,
        model.reactions_count,
        model.views_count,
        User.id.label("user_id"),
        User.username,
        User.display_name,
        User.avatar_url,
    )


SHARED = 20


def shared_values(row: Sequence[Any], now: Any) -> dict[str, Any]:
    """The fields of Card from a row that begins with shared_columns()."""
    status, published_at = row[5], row[6]
    scheduled = status is Status.PUBLISHED and published_at > now
    return {
        "id": row[0],
        "slug": row[1],
        "title": row[2],
        "excerpt": row[3],
        "reading_time": row[4],
        "status": SCHEDULED if scheduled else status.value,
        "published_at": published_at,
        "created_at": row[7],
        "updated_at": row[8],
        "deleted_at": row[9],
        "featured": row[10],
        "canonical_url": row[11],
        "version": row[12],
        "counts": Counts(comments=row[13], reactions=row[14], views=row[15]),
        "author": AuthorRef(id=row[16], username=row[17], display_name=row[18], avatar_url=row[19]),
    }
