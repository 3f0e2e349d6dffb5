"""What becomes of comments: shown, hidden, taken away; and who is told."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.db.repositories.comments import CommentRepository, Subject
from portfolio.db.repositories.reactions import ReactionRepository
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.entities import ReactionTarget
from portfolio.models.live import Audience, LiveType
from portfolio.models.users import User
from portfolio.services.comments.views import CommentViews
from portfolio.services.live import LiveService
from portfolio.services.notifications import CommentNotifications


class CommentStates:
    """Keeps the counts. What is commented on is held by the caller: CommentRepository.held()."""

    def __init__(
        self,
        comments: CommentRepository,
        reactions: ReactionRepository,
        views: CommentViews,
        live: LiveService,
        notifications: CommentNotifications,
    ) -> None:
        self._comments = comments
        self._reactions = reactions
        self._views = views
        self._live = live
        self._notifications = notifications

    async def enter(self, db: AsyncSession, comment: Comment, by: User | None) -> None:
        """A new one, which is shown or is not."""
        await self._comments.add(db, comment)
        if comment.speaks:
            await self._count_upwards(db, comment, 1)
            await self._begin(db, comment, by)

    async def change(self, db: AsyncSession, comment: Comment, status: CommentStatus) -> None:
        """Nothing happens to one that has this status already, or that is a stone."""
        if comment.status is status or comment.deleted_at is not None:
            return
        spoke, was_shown = comment.speaks, comment.is_shown
        comment.status = status
        await self._comments.save(db)
        if comment.is_shown != was_shown:
            await self._count_upwards(db, comment, 1 if comment.is_shown else -1)
        if comment.speaks:
            await self._begin(db, comment, None)
        elif spoke:
            await self._end(db, comment, stone=comment.is_shown)
        if status is CommentStatus.PENDING:
            await self._tell_moderators(db, comment)

    async def wait(self, db: AsyncSession, comment: Comment) -> None:
        """Pending from now on, or on: its writer is done, and it is up to the moderators."""
        if comment.status is CommentStatus.PENDING:
            await self._tell_moderators(db, comment)
        else:
            await self.change(db, comment, CommentStatus.PENDING)
        await self._notifications.waits(db, comment)

    async def edited(
        self, db: AsyncSession, comment: Comment, subject: Subject, status: CommentStatus
    ) -> None:
        """Its words are others now, which brings it into this status."""
        if status is CommentStatus.PENDING and comment.status is not status:
            await self.wait(db, comment)
            return
        await self.change(db, comment, status)
        await self._comments.save(db)
        if comment.speaks:
            data = await self._views.told(db, comment)
            await self._tell(db, LiveType.COMMENT_UPDATED, comment, subject, data)

    async def remove(self, db: AsyncSession, comment: Comment) -> None:
        """A stone if it has answers, else gone; as are stones above that it leaves without any."""
        spoke, was_shown, above = comment.speaks, comment.is_shown, comment.parent_id
        if comment.reactions_count:
            await self._reactions.forget(db, ReactionTarget.COMMENTS, [comment.id])
        if not await self._comments.take_away(db, comment):
            comment.become_stone(utc_now())
            await self._comments.save(db)
        still_shown = comment.replies_count > 0
        if was_shown and not still_shown:
            await self._count_upwards(db, comment, -1)
        subject = await self._end(db, comment, stone=still_shown) if spoke else None
        await self._sweep(db, above, subject)

    async def _begin(self, db: AsyncSession, comment: Comment, by: User | None) -> None:
        subject = await self._comments.count(db, comment.entity_type, comment.entity_id, 1)
        data = await self._views.told(db, comment, by)
        await self._tell(db, LiveType.COMMENT_CREATED, comment, subject, data)
        await self._notifications.shown(db, comment)

    async def _end(self, db: AsyncSession, comment: Comment, *, stone: bool) -> Subject:
        subject = await self._comments.count(db, comment.entity_type, comment.entity_id, -1)
        await self._tell_end(db, comment, subject, stone=stone)
        return subject

    async def _count_upwards(self, db: AsyncSession, comment: Comment, change: int) -> None:
        """It is one more answer that is shown, or one less; as may be what it answers, and so on."""
        above = comment.parent_id
        while above is not None:
            parent = await self._comments.get_one(db, above)
            was_shown = parent.is_shown
            await self._comments.count_reply(db, parent, change)
            if parent.is_shown == was_shown:
                return
            above = parent.parent_id

    async def _sweep(self, db: AsyncSession, above: int | None, subject: Subject | None) -> None:
        """Take away stones, from this one upwards, that hold nothing together any more.

        `subject`: if they were shown until now.
        """
        while above is not None:
            parent = await self._comments.get_one(db, above)
            if parent.deleted_at is None or parent.is_shown:
                return
            if not await self._comments.take_away(db, parent):
                return
            if subject is not None:
                await self._tell_end(db, parent, subject, stone=False)
            above = parent.parent_id

    async def _tell(
        self,
        db: AsyncSession,
        kind: LiveType,
        comment: Comment,
        subject: Subject,
        data: dict[str, Any],
    ) -> None:
        audience = Audience.EVERYONE if subject.is_public else Audience.MODERATORS
        topic = f"{comment.entity_type}:{comment.entity_id}"
        told = {**data, "comments_count": subject.comments_count}
        await self._live.tell(db, topic, kind, told, audience)

    async def _tell_end(
        self, db: AsyncSession, comment: Comment, subject: Subject, *, stone: bool
    ) -> None:
        data = {
            "id": comment.id,
            "parent_id": comment.parent_id,
            "thread_id": comment.thread_id,
            "entity_type": comment.entity_type.value,
            "entity_id": comment.entity_id,
            "stone": stone,
        }
        await self._tell(db, LiveType.COMMENT_DELETED, comment, subject, data)

    async def _tell_moderators(self, db: AsyncSession, comment: Comment) -> None:
        data = await self._views.told(db, comment, moderates=True)
        told = {**data, "reasons": comment.reasons}
        kind = LiveType.COMMENT_PENDING
        await self._live.tell(db, "moderation", kind, told, Audience.MODERATORS)
