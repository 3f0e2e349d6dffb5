"""Which status words begin with: by the spam filter, and by the rule of the site."""

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.config.comments import CommentSettings
from portfolio.core.context import current
from portfolio.db.repositories.comments import CommentRepository
from portfolio.models.comments import Comment, CommentStatus
from portfolio.schemas.comments import CommentCreate, CommentUpdate
from portfolio.services.comments.writer import Writer
from portfolio.services.spam import SpamFilter, Submission, Verdict, digest_of


class CommentScreening:
    def __init__(
        self, comments: CommentRepository, spam: SpamFilter, settings: CommentSettings
    ) -> None:
        self._comments = comments
        self._spam = spam
        self._settings = settings

    async def passes(self, db: AsyncSession, comment: Comment) -> bool:
        """Whether the rule has it shown at once: all, those of people known here, or none."""
        if self._settings.moderation == "first":
            return await self._comments.is_trusted(db, comment)
        return self._settings.moderation == "none"

    async def of_new(
        self,
        db: AsyncSession,
        comment: Comment,
        data: CommentCreate,
        links: int,
        writer: Writer | None,
    ) -> CommentStatus:
        """A guest's waits in any case: for the address to be confirmed, or for a moderator."""
        if writer is not None and writer.moderates:
            return CommentStatus.APPROVED
        verdict = await self._judged(db, comment, data, links)
        if verdict.spam:
            return CommentStatus.SPAM
        passes = writer is not None and not verdict.held and await self.passes(db, comment)
        return CommentStatus.APPROVED if passes else CommentStatus.PENDING

    async def of_changed(
        self,
        db: AsyncSession,
        comment: Comment,
        data: CommentUpdate,
        links: int,
        writer: Writer,
    ) -> CommentStatus:
        """What was approved may have to wait again, and what was spam waits now."""
        # The same words spelled otherwise would be taken for a repetition of themselves.
        if writer.moderates or digest_of(data.body) == comment.digest:
            return comment.status
        verdict = await self._judged(db, comment, data, links)
        if verdict.spam:
            return CommentStatus.SPAM
        waits = verdict.held or self._settings.moderation == "all"
        if waits or comment.status is CommentStatus.SPAM:
            return CommentStatus.PENDING
        return comment.status

    async def _judged(
        self, db: AsyncSession, comment: Comment, data: CommentCreate | CommentUpdate, links: int
    ) -> Verdict:
        trap = data if isinstance(data, CommentCreate) else None
        submission = Submission(
            text=data.body,
            name=comment.guest_name or "",
            email=comment.guest_email,
            website=comment.guest_website,
            subtitle=trap.subtitle if trap else "",
            shown_at=trap.shown_at if trap else None,
            links=links,
            digest=digest_of(data.body),
            client=current().client,
        )
        verdict = await self._spam.judge(
            db,
            submission,
            max_links=self._settings.max_links,
            min_seconds=self._settings.min_seconds,
        )
        comment.reasons, comment.spam_score = verdict.reasons, verdict.score
        return verdict
