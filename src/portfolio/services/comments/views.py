"""Comments as they are shown, and to whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import cache_tags
from portfolio.core.config.comments import CommentSettings
from portfolio.db.repositories.reactions import ReactionRepository
from portfolio.db.repositories.threads import OWN, Said, ThreadRepository
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.entities import EntityType, ReactionTarget
from portfolio.models.users import User
from portfolio.schemas.comments import CommentRead


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorView:
    id: int | None
    username: str | None
    name: str
    avatar_url: str | None
    website: str | None
    is_guest: bool
    is_admin: bool


@dataclass(kw_only=True, slots=True)
class CommentView:
    id: int
    entity_type: EntityType
    entity_id: int
    parent_id: int | None
    thread_id: int | None
    depth: int
    body: str
    html: str
    author: AuthorView | None
    status: CommentStatus
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None
    deleted: bool
    replies_count: int
    reactions: Mapping[str, int]
    version: int
    can_edit_until: datetime | None
    can_delete_until: datetime | None
    replies: list["CommentView"] = field(default_factory=list)
    # What it waits for, as its writer is told.
    detail: str | None = None


class CommentViews:
    def __init__(
        self, threads: ThreadRepository, reactions: ReactionRepository, settings: CommentSettings
    ) -> None:
        self._threads = threads
        self._reactions = reactions
        self._settings = settings

    async def trees(
        self,
        db: AsyncSession,
        tops: list[Said],
        viewer_id: int | None,
        *,
        moderates: bool = False,
    ) -> list[CommentView]:
        """Each with the answers below it, as far as `viewer_id` may see them."""
        below = await self._threads.below(db, [said[0].id for said in tops], viewer_id)
        counts = await self._counts(db, [said[0].id for said in (*tops, *below)])
        shown = [
            self.of(row, by, counts[row.id], viewer_id, moderates=moderates) for row, by in tops
        ]
        known = {view.id: view for view in shown}
        for row, by in below:
            view = known[row.id] = self.of(row, by, counts[row.id], viewer_id)
            known[row.parent_id or 0].replies.append(view)
        return shown

    def of(
        self,
        row: Comment,
        by: User | None,
        reactions: Mapping[str, int],
        viewer_id: int | None,
        *,
        moderates: bool = False,
        written: bool = False,
    ) -> CommentView:
        """As others see it, or moderators, or its writer; `written`: who is a guest."""
        own = written or (row.author_id is not None and row.author_id == viewer_id)
        speaks = row.deleted_at is None and (row.speaks or moderates or (own and row.status in OWN))
        if by is not None and speaks:
            cache_tags.note(cache_tags.one("user", by.id))
        return CommentView(
            id=row.id,
            entity_type=row.entity_type,
            entity_id=row.entity_id,
            parent_id=row.parent_id,
            thread_id=row.thread_id,
            depth=row.depth,
            body=row.body if speaks else "",
            html=row.html if speaks else "",
            author=_author(row, by) if speaks else None,
            status=_status(row, speaks=speaks, moderates=moderates),
            created_at=row.created_at,
            updated_at=row.updated_at,
            edited_at=row.edited_at if speaks else None,
            deleted=not speaks,
            replies_count=row.replies_count,
            reactions=reactions if speaks else {},
            version=row.version,
            can_edit_until=self.edit_until(row) if own and by and speaks else None,
            can_delete_until=self.delete_until(row) if own and by and speaks else None,
        )

    async def told(
        self, db: AsyncSession, row: Comment, by: User | None = None, *, moderates: bool = False
    ) -> dict[str, Any]:
        """One without its answers, as JSON: for everybody, or for moderators."""
        if by is None and row.author_id is not None:
            said = await self._threads.one(db, row.id)
            by = said[1] if said else None
        counts = await self._counts(db, [row.id]) if row.reactions_count else {}
        view = self.of(row, by, counts.get(row.id, {}), None, moderates=moderates)
        return CommentRead.model_validate(view).model_dump(mode="json")

    def edit_until(self, row: Comment) -> datetime:
        return row.created_at + timedelta(minutes=self._settings.edit_minutes)

    def delete_until(self, row: Comment) -> datetime:
        return row.created_at + timedelta(minutes=self._settings.delete_minutes)

    async def _counts(self, db: AsyncSession, ids: Iterable[int]) -> dict[int, dict[str, int]]:
        found = await self._reactions.standings(db, {ReactionTarget.COMMENTS: [*ids]}, None)
        return {
            key: {kind: count for kind, count in standing.counts.items() if count}
            for (_, key), standing in found.items()
        }


def _author(row: Comment, by: User | None) -> AuthorView:
    if by is not None:
        return AuthorView(
            id=by.id,
            username=by.username,
            name=by.display_name,
            avatar_url=by.avatar_url,
            website=None,
            is_guest=False,
            is_admin=by.is_admin,
        )
    return AuthorView(
        id=None,
        username=None,
        name=row.guest_name or "",
        avatar_url=None,
        website=row.guest_website,
        is_guest=True,
        is_admin=False,
    )


def _status(row: Comment, *, speaks: bool, moderates: bool) -> CommentStatus:
    """Nobody but moderators learns what was taken for spam, or rejected."""
    if moderates or row.status is CommentStatus.APPROVED:
        return row.status
    return CommentStatus.PENDING if speaks else CommentStatus.APPROVED
