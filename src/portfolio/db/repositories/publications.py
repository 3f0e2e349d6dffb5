"""Reads of posts and projects: lists, details, neighbours, and who may see what.

Statements are built once for each shape that is asked for (sort, filters, audience) and then
only get their values: building and hashing one costs more than running it on SQLite.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import cache_tags
from portfolio.core.cache_tags import one
from portfolio.core.clock import utc_now
from portfolio.core.events import touch
from portfolio.core.pagination import Page, PageRequest, Sort
from portfolio.db.prepared import Prepared, Run, prepared
from portfolio.db.repositories import attachments
from portfolio.db.repositories.base import ROW_ID, SORT_VALUE, page_of
from portfolio.db.repositories.cards import ready_card
from portfolio.db.repositories.listings import ListedRepository, Shape
from portfolio.db.repositories.related import COMPARED, related_to
from portfolio.db.repositories.visibility import (
    ALL,
    PUBLIC,
    SCHEDULED,
    SCOPES,
    public,
    visible_to,
)
from portfolio.models.projections import Card, Seo, TagRef
from portfolio.models.publications import Publishable
from portfolio.models.users import User

M = TypeVar("M", bound=Publishable)
C = TypeVar("C", bound=Card)
D = TypeVar("D", bound=Card)


class PublicationRepository(ListedRepository[M], Generic[M, C, D]):
    # What a card calls its tags.
    labels: ClassVar[str]
    default_sort: ClassVar[str] = "-published_at"

    def __init__(self, comments_close_after: timedelta | None = None) -> None:
        """Comments close so long after publication; None: never."""
        self._comments_close_after = comments_close_after
        self._list = lru_cache(maxsize=512)(self._build_list)
        self._count = lru_cache(maxsize=512)(self._build_count)
        self._detail = lru_cache(maxsize=8)(self._build_detail)
        self._next_due = select(func.min(self.model.listed_at)).where(SCOPES[SCHEDULED](self.model))
        self._related = lru_cache(maxsize=16)(partial(related_to, self))

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

        def read(run: Run) -> list[C]:
            now = utc_now()
            items = [self.to_card(row, now) for row in run(statement, {})]
            self._attach(run, items)
            return items

        return await prepared(db, read)

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
        self._note()
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

        def read(run: Run) -> Page[Any] | None:
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

        return await prepared(db, read)

    async def related(self, db: AsyncSession, card: Card, limit: int = 5) -> list[C]:
        """Public ones that share most tags with this, the newest first among equals.

        Looked for among the first ones under each of its first tags.
        """
        self._note()
        now = utc_now()
        tags = self.labels_of(card)[:COMPARED]
        if not tags:
            return []
        statement = self._related(limit, len(tags))
        values = {"now": now, "card_id": card.id}
        values.update((f"tag_{number}", tag.id) for number, tag in enumerate(tags))

        def read(run: Run) -> list[C]:
            items = [self.to_card(row, now) for row in run(statement, values)]
            self._attach(run, items)
            return items

        return await prepared(db, read)

    async def detail(
        self, db: AsyncSession, ref: int | str, viewer: User | None, *, everything: bool = False
    ) -> D | None:
        """One with its body, tags and pictures, by id or slug, if `viewer` may read it."""
        now = utc_now()
        statement = self._detail(isinstance(ref, int), ALL if everything else visible_to(viewer))

        def read(run: Run) -> D | None:
            rows = run(statement, {"ref": ref, "now": now})
            return self._whole(run, rows[0], now) if rows else None

        found = await prepared(db, read)
        if found is not None:
            cache_tags.note(*self._shown_by(found))
        return found

    async def next_due(self, db: AsyncSession, after: datetime) -> datetime | None:
        """When the next one becomes public, of those whose time had not come `after` then."""
        return await db.scalar(self._next_due, {"now": after})

    async def count_view(self, db: AsyncSession, ref: int | str) -> bool:
        """Add one to the views of something public; False where there is none."""
        key = self.model.id if isinstance(ref, int) else self.model.slug
        result = await db.execute(
            update(self.model)
            .where(key == ref, public(self.model))
            .values(views_count=self.model.views_count + 1)
            .returning(self.model.id)
            .execution_options(synchronize_session=False, cache_tags=()),
            {"now": utc_now()},
        )
        found = result.scalar_one_or_none()
        if found is not None:
            noun = self.entity_type.noun
            touch(db, (cache_tags.counts(noun), one(noun, found)))
        return found is not None

    async def slugs_like(self, db: AsyncSession, base: str) -> set[str]:
        """The slug itself and those that number it: base, base-2, base-3 …"""
        slug = self.model.slug
        statement = select(slug).where(or_(slug == base, slug.like(f"{base}-%")))
        return set((await db.execute(statement)).scalars())

    def _note(self) -> None:
        """Of what shows cards, which have counts."""
        cache_tags.note(self.entity_type, cache_tags.counts(self.entity_type.noun))

    def _shown_by(self, detail: D) -> list[str]:
        """The tags of a detail: its own, and those of all that it shows of other rows."""
        tags = [one(self.entity_type.noun, detail.id), one("user", detail.author.id)]
        tags += [one("tag", tag.id) for tag in self.labels_of(detail)]
        series = getattr(detail, "series", None)
        return [*tags, one("series", series.id)] if series else tags

    def _attach(self, run: Run, items: list[C]) -> None:
        ids = [item.id for item in items]
        if not ids:
            return
        tags = attachments.tags_of(run, self.entity_type, ids)
        covers = attachments.covers_of(run, self.entity_type, ids)
        for item in items:
            setattr(item, self.labels, tags.get(item.id, []))
            item.cover = covers.get(item.id)

    def _whole(self, run: Run, row: Sequence[Any], now: datetime) -> D:
        *columns, body_markdown, html, toc, seo_title, seo_description, seo_image = row[:-2]
        comments_enabled, videos = row[-2:]
        card = self.to_card(columns, now)
        close_after = self._comments_close_after
        setattr(card, self.labels, attachments.tags_of(run, self.entity_type, [card.id])[card.id])
        images = attachments.images_of(run, self.entity_type, card.id)
        card.cover = next((image for image in images if image.cover), None)
        return self.to_detail(
            card,
            body_markdown=body_markdown,
            html=html,
            toc=toc,
            seo=Seo(title=seo_title, description=seo_description, image=seo_image),
            images=images,
            videos=attachments.videos_of(run, self.entity_type, card.id) if videos else [],
            comments_enabled=comments_enabled,
            comments_close_at=(
                card.published_at + close_after if card.published_at and close_after else None
            ),
        )

    def _not_after(self, sort: Sort, seen: datetime, now: datetime) -> datetime:
        # SQLite begins at one upper bound of two, and not at the lower: let them be the same.
        return min(seen, now) if self.sortable[sort.key] is self.model.listed_at else now

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
                model.comments_enabled,
                attachments.count_of_videos(self.entity_type, model.id),
            )
            .where(SCOPES[scope](model), key == bindparam("ref", type_=key.type))
        )
