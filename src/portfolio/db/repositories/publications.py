"""Reads of posts and projects: lists, details, neighbours, and who may see what.

Statements are built once for each shape that is asked for (sort, filters, audience) and then
only get their values: building and hashing one costs more than running it on SQLite.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Session

from portfolio.core.clock import utc_now
from portfolio.core.pagination import Page, PageRequest, Sort
from portfolio.db.prepared import Prepared, Run, runner
from portfolio.db.repositories import tallies
from portfolio.db.repositories.attachments import covers_of, images_of, tags_of
from portfolio.db.repositories.base import ROW_ID, SORT_VALUE, BaseRepository, page_of
from portfolio.db.repositories.cards import ready_card, ready_columns
from portfolio.db.repositories.listings import Filter, Shape
from portfolio.db.repositories.visibility import (
    ALL,
    PUBLIC,
    SCHEDULED,
    SCOPES,
    public,
    visible_to,
)
from portfolio.models.bookkeeping import PublicationTally
from portfolio.models.entities import EntityType
from portfolio.models.projections import Card, Seo, TagRef
from portfolio.models.publications import Publishable
from portfolio.models.users import User

M = TypeVar("M", bound=Publishable)
C = TypeVar("C", bound=Card)
D = TypeVar("D", bound=Card)


class PublicationRepository(BaseRepository[M], Generic[M, C, D]):
    entity_type: ClassVar[EntityType]
    filters: ClassVar[Mapping[str, Filter]]
    # What a card calls its tags.
    labels: ClassVar[str]
    # The columns of the table that links entities with tags.
    tagging: ClassVar[tuple[InstrumentedAttribute[int], InstrumentedAttribute[int]]]
    default_sort: ClassVar[str] = "-published_at"

    def __init__(self) -> None:
        self._list = lru_cache(maxsize=512)(self._build_list)
        self._count = lru_cache(maxsize=512)(self._build_count)
        self._detail = lru_cache(maxsize=8)(self._build_detail)
        self._related = lru_cache(maxsize=8)(self._build_related)

    @abstractmethod
    def card_columns(self) -> Select[Any]:
        """Columns in the order that to_card() takes them, joined with what they come from."""

    @abstractmethod
    def to_card(self, row: Sequence[Any], now: datetime) -> C: ...

    @abstractmethod
    def to_detail(self, card: C, **body: Any) -> D: ...

    def labels_of(self, card: Card) -> list[TagRef]:
        labels: list[TagRef] = getattr(card, self.labels)
        return labels

    async def cards(
        self,
        db: AsyncSession,
        request: PageRequest,
        filters: Mapping[str, Any],
        scope: str = PUBLIC,
        *,
        counted: bool = True,
    ) -> Page[C]:
        """A page of cards with tags and covers: four statements, however many items."""
        page = await self._page(db, request, filters, scope, counted=counted)
        assert page is not None  # noqa: S101 - only ready cards can be missing
        return page

    async def ready_cards(
        self, db: AsyncSession, request: PageRequest, filters: Mapping[str, Any]
    ) -> Page[Any]:
        """A page of what strangers see, as it was serialised when it was written."""
        page = await self._page(db, request, filters, PUBLIC, ready=True)
        # Rows that somebody else wrote have no card before the next start.
        return page or await self.cards(db, request, filters)

    async def cards_by_id(self, db: AsyncSession, ids: Sequence[int]) -> list[C]:
        """Cards of any status, in no particular order."""
        statement = Prepared(self.card_columns().where(self.model.id.in_(ids)))

        def read(session: Session) -> list[C]:
            now = utc_now()
            with runner(session) as run:
                items = [self.to_card(row, now) for row in run(statement, {})]
                self._attach(run, items)
                return items

        return await db.run_sync(read)

    async def _page(
        self,
        db: AsyncSession,
        request: PageRequest,
        filters: Mapping[str, Any],
        scope: str,
        *,
        counted: bool = True,
        ready: bool = False,
    ) -> Page[Any] | None:
        sort = self.sort_of(request)
        values: dict[str, Any] = {"now": utc_now(), "row_limit": request.limit + 1}
        for name, value in filters.items():
            values.update(self.filters[name].bind(value))
        names, by_cursor = frozenset(filters), request.cursor is not None
        if by_cursor:
            cursor = self.cursor_of(request, sort)
            values.update({SORT_VALUE: cursor.value, ROW_ID: cursor.id})
            if scope == PUBLIC and sort.descending and isinstance(cursor.value, datetime):
                values["now"] = self._not_after(sort, cursor.value, values["now"])
        else:
            values["row_offset"] = request.offset
        listing = self._list(Shape(scope, names, sort, by_cursor, ready))
        count = None if by_cursor or not counted else self._count(scope, names)

        def read(session: Session) -> Page[Any] | None:
            with runner(session) as run:
                total = None if count is None else run(count, values)[0][0]
                rows = run(listing, values)
                shown = rows[: request.limit]
                if not ready:
                    items: list[Any] = [self.to_card(row, values["now"]) for row in shown]
                    self._attach(run, items)
                elif all(row[0] for row in shown):
                    items = [ready_card(row) for row in shown]
                else:
                    return None
            return page_of(rows, items, request, sort, total)

        # One step out of the event loop's coroutines for all statements, and no entities.
        return await db.run_sync(read)

    async def related(self, db: AsyncSession, card: Card, limit: int = 5) -> list[C]:
        """Public ones that share most tags with this, the newest first among equals."""
        now = utc_now()
        statement = self._related(limit)
        tags = [tag.id for tag in self.labels_of(card)]
        values = {"now": now, "tag_ids": tags, "card_id": card.id}

        def read(session: Session) -> list[C]:
            with runner(session) as run:
                items = [self.to_card(row, now) for row in run(statement, values)]
                self._attach(run, items)
                return items

        return await db.run_sync(read)

    async def detail(
        self, db: AsyncSession, ref: int | str, viewer: User | None, *, everything: bool = False
    ) -> D | None:
        """One with its body, tags and pictures, by id or slug, if `viewer` may read it."""
        now = utc_now()
        statement = self._detail(isinstance(ref, int), ALL if everything else visible_to(viewer))

        def read(session: Session) -> D | None:
            with runner(session) as run:
                rows = run(statement, {"ref": ref, "now": now})
                return self._whole(run, rows[0], now) if rows else None

        return await db.run_sync(read)

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

    def _attach(self, run: Run, items: list[C]) -> None:
        ids = [item.id for item in items]
        if not ids:
            return
        tags = tags_of(run, self.entity_type, ids)
        covers = covers_of(run, self.entity_type, ids)
        for item in items:
            setattr(item, self.labels, tags.get(item.id, []))
            item.cover = covers.get(item.id)

    def _whole(self, run: Run, row: Sequence[Any], now: datetime) -> D:
        *columns, body_markdown, html, toc, seo_title, seo_description, seo_image = row
        card = self.to_card(columns, now)
        setattr(card, self.labels, tags_of(run, self.entity_type, [card.id])[card.id])
        images = images_of(run, self.entity_type, card.id)
        card.cover = next((image for image in images if image.cover), None)
        return self.to_detail(
            card,
            body_markdown=body_markdown,
            html=html,
            toc=toc,
            seo=Seo(title=seo_title, description=seo_description, image=seo_image),
            images=images,
        )

    def _not_after(self, sort: Sort, seen: datetime, now: datetime) -> datetime:
        # SQLite begins at one upper bound of two, and not at the lower: let them be the same.
        return min(seen, now) if self.sortable[sort.key] is self.model.listed_at else now

    def _build_count(self, scope: str, names: frozenset[str]) -> Prepared:
        counted = select(func.count(self.model.id))
        if scope == PUBLIC and not names:
            coming = counted.where(SCOPES[SCHEDULED](self.model)).scalar_subquery()
            return Prepared(
                select(PublicationTally.published - coming).where(
                    PublicationTally.entity_type == self.entity_type
                )
            )
        return Prepared(counted.where(SCOPES[scope](self.model), *self._conditions(names)))

    def _build_list(self, shape: Shape) -> Prepared:
        column = self.sortable[shape.sort.key]
        columns = select(*ready_columns(self.model)) if shape.ready else self.card_columns()
        statement = (
            columns.add_columns(column.label(SORT_VALUE), self.model.id.label(ROW_ID))
            .where(SCOPES[shape.scope](self.model), *self._conditions(shape.filters))
            .order_by(*self.order(shape.sort))
            .limit(bindparam("row_limit", type_=Integer))
        )
        if shape.by_cursor:
            return Prepared(statement.where(self.after(shape.sort)))
        return Prepared(statement.offset(bindparam("row_offset", type_=Integer)))

    def _build_detail(self, by_id: bool, scope: str) -> Prepared:
        model = self.model
        key = model.id if by_id else model.slug
        return Prepared(
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

    def _build_related(self, limit: int) -> Prepared:
        owner, tag_id = self.tagging
        shared = (
            select(owner.label("owner"), func.count().label("common"))
            .where(
                tag_id.in_(bindparam("tag_ids", type_=tag_id.type, expanding=True)),
                owner != bindparam("card_id", type_=owner.type),
            )
            .group_by(owner)
            .subquery()
        )
        return Prepared(
            self.card_columns()
            .join(shared, shared.c.owner == self.model.id)
            .where(public(self.model))
            .order_by(shared.c.common.desc(), self.model.listed_at.desc(), self.model.id.desc())
            .limit(limit)
        )
