"""Reading comments: pages of them, each with the answers below it."""

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.visibility import speaks
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.entities import EntityType
from portfolio.models.users import User

# Answers in one page, of all its threads together.
MOST_REPLIES = 500
# The writer of one that waits sees it; of one that was taken for spam, too, and learns nothing.
OWN = CommentStatus.PENDING, CommentStatus.SPAM
Said = tuple[Comment, User | None]


def shown_to(comment: type[Comment], viewer_id: int | None) -> ColumnElement[bool]:
    """What everybody sees, stones included, and what waits of one's own."""
    shown = or_(speaks(comment), comment.replies_count > 0)
    if viewer_id is None:
        return shown
    own = comment.author_id == viewer_id
    return or_(shown, and_(own, comment.status.in_(OWN), comment.deleted_at.is_(None)))


class ThreadRepository(BaseRepository[Comment]):
    """Rows come with their account, if they are of one."""

    model = Comment
    sortable: ClassVar = {"created_at": Comment.created_at}
    default_sort: ClassVar[str] = "created_at"

    async def page_of(
        self,
        db: AsyncSession,
        kind: EntityType,
        entity_id: int,
        parent_id: int | None,
        request: PageRequest,
        viewer_id: int | None,
    ) -> Page[Said]:
        """Those at the top, or the direct answers to one."""
        conditions = *_place(kind, entity_id, parent_id), shown_to(Comment, viewer_id)
        total = None
        if request.cursor is None:
            total = await db.scalar(select(func.count(Comment.id)).where(*conditions))
        return await self.page(db, _said().where(*conditions), request, total)

    async def one(self, db: AsyncSession, comment_id: int) -> Said | None:
        row = (await db.execute(_said().where(Comment.id == comment_id))).one_or_none()
        return None if row is None else (row[0], row[1])

    async def below(
        self, db: AsyncSession, ids: Sequence[int], viewer_id: int | None
    ) -> list[Said]:
        """All answers to these and to each other, in the order in which they were written.

        The first MOST_REPLIES of them: so each comes with what it answers.
        """
        if not ids:
            return []
        direct = select(Comment.id).where(Comment.parent_id.in_(ids), shown_to(Comment, viewer_id))
        found = direct.cte("below", recursive=True)
        deeper = aliased(Comment)
        found = found.union_all(
            select(deeper.id)
            .join(found, deeper.parent_id == found.c.id)
            .where(shown_to(deeper, viewer_id))
        )
        statement = (
            _said().join(found, found.c.id == Comment.id).order_by(Comment.id).limit(MOST_REPLIES)
        )
        return [(row[0], row[1]) for row in await db.execute(statement)]


def _place(
    kind: EntityType, entity_id: int, parent_id: int | None
) -> tuple[ColumnElement[bool], ...]:
    if parent_id is None:
        of = Comment.entity_type == kind, Comment.entity_id == entity_id
        return (*of, Comment.thread_id.is_(None))
    # Said of what they answer, it leaves databases no other way than by parent_id.
    parent = aliased(Comment)
    above = select(parent.id).where(
        parent.id == parent_id, parent.entity_type == kind, parent.entity_id == entity_id
    )
    return (Comment.parent_id == above.scalar_subquery(),)


def _said() -> Select[Comment, User]:
    return select(Comment, User).outerjoin(User, User.id == Comment.author_id)
