"""The verbs that posts and projects share: write, publish, bin, restore, preview, look back."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.context import current
from portfolio.core.errors import (
    ConflictException,
    MovedException,
    NotFoundException,
    UnauthorizedException,
)
from portfolio.core.pagination import Page, PageRequest
from portfolio.core.refs import parse_ref, slug_of
from portfolio.core.security import PreviewTokens
from portfolio.db.repositories.engagement import EngagementRepository
from portfolio.db.repositories.publications import PublicationRepository
from portfolio.db.repositories.taxonomy import TagRepository
from portfolio.db.repositories.visibility import PUBLIC
from portfolio.models.audit import Action
from portfolio.models.history import Revision
from portfolio.models.projections import Card
from portfolio.models.publications import Publishable
from portfolio.models.users import User
from portfolio.schemas.publications import PublicationFields
from portfolio.services import policy, slugs
from portfolio.services.audit import AuditService
from portfolio.services.history import HistoryService
from portfolio.services.illustrations import IllustrationService
from portfolio.services.media import MediaService
from portfolio.services.publishing import apply_status, noted, shared_columns, traced
from portfolio.services.versions import require_version

M = TypeVar("M", bound=Publishable)
C = TypeVar("C", bound=Card)
D = TypeVar("D", bound=Card)

# Rows of their own that belong to a publication: a change of theirs is a change of it.
CONNECTED = {"tags", "technologies", "aliases", "cover"}


class PublicationService(Generic[M, C, D]):
    # What a revision keeps: the fields of the row that a person wrote.
    kept: ClassVar[tuple[str, ...]] = ("title", "summary", "body_markdown")

    def __init__(
        self,
        repository: PublicationRepository[M, C, D],
        tags: TagRepository,
        history: HistoryService,
        media: MediaService,
        illustrations: IllustrationService,
        engagement: EngagementRepository,
        previews: PreviewTokens,
        audit: AuditService,
    ) -> None:
        self._rows = repository
        self._tags = tags
        self._history = history
        self._media = media
        self._illustrations = illustrations
        self._engagement = engagement
        self._previews = previews
        self._audit = audit
        self.kind = repository.entity_type

    # Reading

    async def page(
        self, db: AsyncSession, request: PageRequest, filters: dict[str, Any], viewer: User | None
    ) -> Page[C]:
        """What is published, or for editors what has the status asked for."""
        scope = filters.pop("status", None) or PUBLIC
        if scope == PUBLIC:
            return await self._rows.ready_cards(db, request, filters)
        policy.require_editor(viewer)
        current().shows_unpublished = True
        return await self._rows.cards(db, request, filters, scope)

    async def read(
        self, db: AsyncSession, ref: str, viewer: User | None, preview_token: str | None = None
    ) -> D:
        """Raises NotFoundException, or MovedException for an address of former times.

        A preview token that is not for this one, or no longer, is as good as none.
        """
        parsed = parse_ref(ref)
        shown = await self._previewed(db, preview_token)
        if shown is not None and parsed in {shown.id, shown.slug}:
            return noted(shown)
        found = await self._rows.detail(db, parsed, viewer)
        if found is not None:
            return noted(found)
        moved = await self._history.lookup(db, self.kind, ref)
        if shown is not None and shown.id == moved:
            raise MovedException(self.kind, shown.slug)
        target = await self._rows.detail(db, moved, viewer) if moved is not None else None
        if target is None:
            raise NotFoundException
        raise MovedException(self.kind, target.slug)

    async def related(self, db: AsyncSession, ref: str, viewer: User | None) -> list[C]:
        """Raises NotFoundException, MovedException."""
        shown = await self.read(db, ref, viewer)
        current().shows_unpublished = False  # What is related to it is public.
        return await self._rows.related(db, shown)

    async def count_view(self, db: AsyncSession, ref: str) -> None:
        """Raises NotFoundException for what a stranger may not see."""
        if not await self._rows.count_view(db, parse_ref(ref)):
            raise NotFoundException

    # Writing

    async def create(self, db: AsyncSession, data: PublicationFields, author: User) -> D:
        """Raises ConflictException for a slug that is taken; one made from the title gives way."""
        given = data.model_dump()
        columns = {**self._plain(given), **await shared_columns(given)}
        columns.update(await self._resolved(db, given))
        columns["html"] = await self._illustrations.illustrate(db, columns["html"])
        row = self._rows.model(author_id=author.id, **columns)
        apply_status(row, given)
        await slugs.insert(db, self._rows, row, given["slug"])
        await self._connect(db, row, given)
        await self._trace(db, row, "created", {})
        return await self._written(db, row)

    async def update(
        self, db: AsyncSession, row_id: int, data: PublicationFields, expected: int | None = None
    ) -> D:
        """Raises NotFoundException, PreconditionFailedException, ConflictException."""
        given = data.model_dump(exclude_unset=True)
        columns = {**self._plain(given), **await shared_columns(given)}
        row = await self._changeable(db, row_id, expected)
        columns.update(await self._resolved(db, given))
        if "html" in columns:
            columns["html"] = await self._illustrations.illustrate(db, columns["html"])
        old_slug, before = row.slug, traced(row)
        if "slug" in given:
            columns["slug"] = given["slug"]
        if given.keys() & CONNECTED:
            columns["updated_at"] = utc_now()
        apply_status(row, given)
        try:
            await self._rows.update(db, row, columns)
        except ConflictException as error:
            raise slugs.taken(given.get("slug")) from error
        if row.slug != old_slug:
            await self._history.moved(db, self.kind, row.id, old_slug)
        await self._connect(db, row, given)
        await self._trace(db, row, "updated", before, fields=sorted(given))
        return await self._written(db, row)

    async def publish(
        self, db: AsyncSession, row_id: int, at: datetime | None, expected: int | None = None
    ) -> D:
        """Public now, or when `at` has come. One that is public keeps its date if none is given."""
        row = await self._changeable(db, row_id, expected)
        now = utc_now()
        if at is None and row.is_public(now) and row.published_at is not None:
            at = row.published_at
        before = traced(row)
        row.publish(at or now)
        await self._trace(db, row, "published", before)
        return await self._written(db, row)

    async def unpublish(self, db: AsyncSession, row_id: int, expected: int | None = None) -> D:
        row = await self._changeable(db, row_id, expected)
        before = traced(row)
        row.unpublish()
        await self._trace(db, row, "unpublished", before)
        return await self._written(db, row)

    async def delete(
        self, db: AsyncSession, row_id: int, *, permanent: bool, expected: int | None = None
    ) -> None:
        """Into the bin; `permanent` empties it of this one, with all that hangs on it."""
        row = await self._rows.get_locked(db, row_id)
        require_version(row, expected)
        if not permanent:
            if row.deleted_at is None:
                row.bin(utc_now())
                await self._rows.update(db, row, {})
                await self._trace(db, row, "deleted", traced(row), for_good=False)
            return
        if row.deleted_at is None:
            raise ConflictException("Only what is in the bin can be deleted for good")
        await self._engagement.forget(db, self.kind, row.id)
        await self._media.delete_for_entity(db, row.id, self.kind)
        await self._illustrations.forget(db, self.kind, row.id)
        await self._history.forget(db, self.kind, row.id)
        await self._trace(db, row, "deleted", traced(row), for_good=True)
        await self._rows.delete(db, row)

    async def restore(self, db: AsyncSession, row_id: int) -> D:
        """Out of the bin, as it was."""
        row = await self._rows.get_locked(db, row_id)
        row.restore()
        await self._trace(db, row, "restored", traced(row))
        return await self._written(db, row)

    # Looking back and ahead

    async def revisions(
        self, db: AsyncSession, row_id: int, request: PageRequest
    ) -> Page[Revision]:
        await self._rows.get_one(db, row_id)
        return await self._history.revisions(db, self.kind, row_id, request)

    async def revision(self, db: AsyncSession, row_id: int, number: int) -> Revision:
        return await self._history.revision(db, self.kind, row_id, number)

    async def restore_revision(
        self, db: AsyncSession, row_id: int, number: int, expected: int | None = None
    ) -> D:
        """The text becomes what it was then, as a change of its own that can be undone too."""
        found = await self._history.revision(db, self.kind, row_id, number)
        return await self.update(db, row_id, self._from_snapshot(found.snapshot), expected)

    async def preview_link(
        self, db: AsyncSession, row_id: int, life: timedelta
    ) -> tuple[str, datetime, str]:
        """A token that shows this one to whoever has it, its end, and the slug it is for."""
        row = await self._rows.get_one(db, row_id)
        expires_at = utc_now() + life
        return self._previews.issue(self.kind, row.id, expires_at), expires_at, row.slug

    # What differs between posts and projects

    @abstractmethod
    def _plain(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Columns that are given as they are stored."""

    @abstractmethod
    async def _resolved(self, db: AsyncSession, given: Mapping[str, Any]) -> dict[str, Any]:
        """Columns that depend on other rows."""

    @abstractmethod
    def _from_snapshot(self, snapshot: Mapping[str, Any]) -> PublicationFields: ...

    # Inside

    async def _previewed(self, db: AsyncSession, token: str | None) -> D | None:
        """What a preview token shows, if anything."""
        if token is None:
            return None
        try:
            kind, entity_id = self._previews.check(token)
        except UnauthorizedException:
            return None
        found = await self._rows.detail(db, entity_id, None, everything=True)
        return found if found and found.deleted_at is None and kind == self.kind else None

    async def _connect(self, db: AsyncSession, row: M, given: Mapping[str, Any]) -> None:
        names = given.get("tags", given.get("technologies"))
        if names is not None:
            named = {slug_of(name, "tag"): name for name in names}
            known = await self._tags.ensure(db, named)
            await self._tags.attach(db, self.kind, row.id, [known[slug] for slug in named])
        if given.get("aliases"):
            await self._history.known_as(db, self.kind, row.id, given["aliases"])
        if given.get("cover") is not None:
            cover = given["cover"]
            await self._media.add_image(
                db, row.id, self.kind, cover["url"], alt=cover.get("alt"), is_cover=True
            )

    async def _written(self, db: AsyncSession, row: M) -> D:
        await self._rows.update(db, row, {})
        texts = row.body_markdown, row.html, row.seo_image
        await self._illustrations.note(db, self.kind, row.id, *texts)
        detail = await self._rows.detail(db, row.id, None, everything=True)
        if detail is None:
            raise NotFoundException
        snapshot = {name: getattr(row, name) for name in self.kept}
        snapshot["tags"] = [tag.name for tag in self._rows.labels_of(detail)]
        await self._history.record(db, self.kind, row.id, snapshot)
        return noted(detail)

    async def _trace(
        self, db: AsyncSession, row: M, verb: str, before: dict[str, Any], **said: Any
    ) -> None:
        noun = self.kind.noun
        action = Action(f"{noun}:{verb}")
        after = {**traced(row), **said}
        await self._audit.record(db, action, target=(noun, row.id), before=before, after=after)

    async def _changeable(self, db: AsyncSession, row_id: int, expected: int | None) -> M:
        row = await self._rows.get_locked(db, row_id)
        require_version(row, expected)
        if row.deleted_at is not None:
            raise ConflictException("It is in the bin; restore it first")
        return row
