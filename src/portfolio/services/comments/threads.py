"""Reading what is said about posts and projects."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.context import current
from portfolio.core.errors import NotFoundException
from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.comments import CommentRepository
from portfolio.db.repositories.threads import OWN, ThreadRepository
from portfolio.models.entities import EntityType
from portfolio.models.users import User
from portfolio.services.comments.views import CommentView, CommentViews


@dataclass
class CommentPage(Page[CommentView]):
    """`comments_count`: all that are shown of the same post or project."""

    comments_count: int = 0


class ThreadService:
    def __init__(
        self, comments: CommentRepository, threads: ThreadRepository, views: CommentViews
    ) -> None:
        self._comments = comments
        self._threads = threads
        self._views = views

    async def page(
        self,
        db: AsyncSession,
        kind: EntityType,
        ref: str,
        request: PageRequest,
        parent_id: int | None,
        viewer: User | None,
    ) -> CommentPage:
        """Those at the top, or the answers to one, each with all below it.

        Raises NotFoundException for a post or project that is not there for this viewer.
        """
        subject = await self._comments.subject(db, kind, ref, viewer)
        current().shows_unpublished = not subject.is_public
        viewer_id = viewer.id if viewer else None
        found = await self._threads.page_of(db, kind, subject.id, parent_id, request, viewer_id)
        items = await self._views.trees(db, found.items, viewer_id)
        return CommentPage(
            items, found.limit, found.total, found.page, found.next_cursor, subject.comments_count
        )

    async def read(
        self, db: AsyncSession, comment_id: int, viewer: User | None, *, moderates: bool
    ) -> CommentView:
        """One with its answers; for its writer and who `moderates` also where others do not see it.

        Raises NotFoundException.
        """
        said = await self._threads.one(db, comment_id)
        if said is None:
            raise NotFoundException
        comment = said[0]
        await self._comments.subject(db, comment.entity_type, comment.entity_id, viewer)
        own = viewer is not None and comment.author_id == viewer.id and comment.status in OWN
        if not (comment.is_shown or moderates or own):
            raise NotFoundException
        viewer_id = viewer.id if viewer else None
        (view,) = await self._views.trees(db, [said], viewer_id, moderates=moderates)
        return view
