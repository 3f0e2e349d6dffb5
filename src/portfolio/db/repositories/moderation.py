"""What moderators see and change of comments, and what readers report."""

from collections.abc import Collection, Iterable
from typing import ClassVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.entities import EntityRepository
from portfolio.models.comments import Comment, CommentReport, CommentStatus
from portfolio.models.entities import EntityType
from portfolio.models.users import User

# A post or project.
Place = tuple[EntityType, int]
# Of each comment the newest ones are shown.
REPORTS_SHOWN = 20


class ModerationRepository(BaseRepository[Comment]):
    model = Comment
    sortable: ClassVar = {
        "created_at": Comment.created_at,
        "reports_count": Comment.reports_count,
    }
    default_sort: ClassVar[str] = "-created_at"

    async def list_of(
        self,
        db: AsyncSession,
        request: PageRequest,
        status: CommentStatus,
        kind: EntityType | None = None,
        entity_id: int | None = None,
        *,
        reported: bool | None = None,
    ) -> Page[Comment]:
        """Comments in this status, stones left out; on one thing, on all of a kind, or on all."""
        conditions = [Comment.status == status, Comment.deleted_at.is_(None)]
        if kind is not None:
            conditions.append(Comment.entity_type == kind)
        if entity_id is not None:
            conditions.append(Comment.entity_id == entity_id)
        if reported is not None:
            conditions.append(Comment.reports_count > 0 if reported else Comment.reports_count == 0)
        return await self.all(db, request, *conditions)

    async def authors(self, db: AsyncSession, comments: Iterable[Comment]) -> dict[int, User]:
        ids = {comment.author_id for comment in comments if comment.author_id is not None}
        if not ids:
            return {}
        found = await db.scalars(select(User).where(User.id.in_(ids)))
        return {author.id: author for author in found}

    async def titles(
        self, db: AsyncSession, places: Collection[Place]
    ) -> dict[Place, tuple[str, str]]:
        """Slug and title of each."""
        found: dict[Place, tuple[str, str]] = {}
        for kind, model in EntityRepository.publications.items():
            ids = {entity_id for of, entity_id in places if of is kind}
            if ids:
                rows = select(model.id, model.slug, model.title).where(model.id.in_(ids))
                found.update(((kind, row[0]), (row[1], row[2])) for row in await db.execute(rows))
        return found

    async def reports(
        self, db: AsyncSession, comments: Iterable[Comment]
    ) -> dict[int, list[CommentReport]]:
        """Of each comment the last ones, the newest first."""
        found: dict[int, list[CommentReport]] = {
            comment.id: [] for comment in comments if comment.reports_count
        }
        if not found:
            return found
        number = func.row_number().over(
            partition_by=CommentReport.comment_id, order_by=CommentReport.id.desc()
        )
        numbered = (
            select(CommentReport.id, number.label("number"))
            .where(CommentReport.comment_id.in_(found))
            .subquery()
        )
        newest = (
            select(CommentReport)
            .join(numbered, numbered.c.id == CommentReport.id)
            .where(numbered.c.number <= REPORTS_SHOWN)
            .order_by(CommentReport.id.desc())
        )
        for report in await db.scalars(newest):
            found[report.comment_id].append(report)
        return found

    async def has_reported(self, db: AsyncSession, comment_id: int, person: str) -> bool:
        statement = select(CommentReport.id).where(
            CommentReport.comment_id == comment_id, CommentReport.person == person
        )
        return await db.scalar(statement) is not None

    async def add_report(self, db: AsyncSession, comment: Comment, report: CommentReport) -> None:
        """The comment is held."""
        db.add(report)
        await self._set_count(db, comment, comment.reports_count + 1)

    async def clear_reports(self, db: AsyncSession, comment: Comment) -> None:
        """The comment is held."""
        await db.execute(
            delete(CommentReport)
            .where(CommentReport.comment_id == comment.id)
            .execution_options(synchronize_session=False)
        )
        await self._set_count(db, comment, 0)

    async def _set_count(self, db: AsyncSession, comment: Comment, number: int) -> None:
        """Its version stays: nobody edits this."""
        await db.execute(
            update(Comment)
            .where(Comment.id == comment.id)
            .values(reports_count=number)
            .execution_options(synchronize_session=False, cache_tags=())
        )
        set_committed_value(comment, "reports_count", number)
