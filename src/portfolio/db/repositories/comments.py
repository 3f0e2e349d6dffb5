"""Writing comments. Whoever does holds the post or project that they belong to."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from portfolio.core import cache_tags
from portfolio.core.clock import utc_now
from portfolio.core.errors import NotFoundException
from portfolio.core.refs import parse_ref
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.entities import EntityRepository, held
from portfolio.db.repositories.visibility import SCOPES, speaks, visible_to
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.entities import EntityType
from portfolio.models.publications import Publishable, Status
from portfolio.models.users import User

# As many as may be in memory, words and all.
AT_ONCE = 100
_CHILD = aliased(Comment)
_HAS_ANSWERS = exists().where(_CHILD.parent_id == Comment.id)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is commented on."""

    kind: EntityType
    id: int
    is_public: bool
    comments_count: int
    comments_enabled: bool
    published_at: datetime | None

    def is_closed(self, now: datetime, closes_after: timedelta | None) -> bool:
        """Whether nothing new may be said about it."""
        over = closes_after and self.published_at and self.published_at + closes_after <= now
        return bool(over) or not self.comments_enabled


class CommentRepository(BaseRepository[Comment]):
    model = Comment

    async def subject(
        self,
        db: AsyncSession,
        kind: EntityType,
        ref: int | str,
        viewer: User | None,
        *,
        hold: bool = False,
    ) -> Subject:
        """By id or slug; held until the transaction ends, if so.

        Raises NotFoundException, also for what `viewer` may not see.
        """
        model = EntityRepository.publications[kind]
        key = parse_ref(ref) if isinstance(ref, str) else ref
        statement = select(*_subject(model)).where(
            model.id == key if isinstance(key, int) else model.slug == key,
            SCOPES[visible_to(viewer)](model),
        )
        if hold:
            statement = held(statement, model)
        now = utc_now()
        row = (await db.execute(statement, {"now": now})).one_or_none()
        if row is None:
            raise NotFoundException
        noun = kind.noun
        cache_tags.note(cache_tags.one(noun, row[0]), cache_tags.comments(noun, row[0]))
        return _to_subject(kind, row, now)

    async def held(self, db: AsyncSession, ids: Sequence[int]) -> list[Comment]:
        """These, in order, with what they belong to held; without those that are gone.

        No row of a comment must have been read before in this transaction.
        """
        found = await db.execute(
            select(Comment.entity_type, Comment.entity_id).where(Comment.id.in_(ids)).distinct()
        )
        entities = defaultdict[EntityType, list[int]](list)
        for kind, entity_id in found:
            entities[kind].append(entity_id)
        for kind, model in EntityRepository.publications.items():
            if entities[kind]:
                of = select(model.id).where(model.id.in_(entities[kind])).order_by(model.id)
                await db.execute(held(of, model))
        rows = await db.scalars(
            select(Comment)
            .where(Comment.id.in_(ids))
            .order_by(Comment.id)
            .execution_options(populate_existing=True)
        )
        return list(rows)

    async def held_one(
        self, db: AsyncSession, comment_id: int, viewer: User | None
    ) -> tuple[Comment, Subject]:
        """As held(), of what `viewer` may see. Raises NotFoundException."""
        of = select(Comment.entity_type, Comment.entity_id).where(Comment.id == comment_id)
        found = (await db.execute(of)).one_or_none()
        if found is None:
            raise NotFoundException
        subject = await self.subject(db, found[0], found[1], viewer, hold=True)
        comment = await db.get(Comment, comment_id, populate_existing=True)
        if comment is None:
            raise NotFoundException
        return comment, subject

    async def last_by(self, db: AsyncSession, user_id: int) -> list[Comment]:
        """Of an account's comments the last few, the newest first."""
        statement = (
            select(Comment)
            .where(Comment.author_id == user_id)
            .order_by(Comment.id.desc())
            .limit(AT_ONCE)
            .execution_options(populate_existing=True)
        )
        return list(await db.scalars(statement))

    async def is_trusted(self, db: AsyncSession, comment: Comment) -> bool:
        """Whether something else of its account, or confirmed address, was approved before."""
        if comment.author_id is not None:
            same: ColumnElement[bool] = Comment.author_id == comment.author_id
        else:
            same = (Comment.guest_email == comment.guest_email) & Comment.confirmed_at.is_not(None)
        approved = select(Comment.id).where(same, speaks()).limit(1)
        return await db.scalar(approved) is not None

    async def add(self, db: AsyncSession, comment: Comment) -> None:
        db.add(comment)
        await db.flush()

    async def save(self, db: AsyncSession) -> None:
        await db.flush()

    async def count(
        self, db: AsyncSession, kind: EntityType, entity_id: int, change: int
    ) -> Subject:
        """So many more are shown of it; as it is from then on."""
        model = EntityRepository.publications[kind]
        statement = (
            update(model)
            .where(model.id == entity_id)
            .values(comments_count=model.comments_count + change)
            .returning(*_subject(model))
            .execution_options(synchronize_session=False, cache_tags=_tags(kind, entity_id))
        )
        return _to_subject(kind, (await db.execute(statement)).one(), utc_now())

    async def count_reply(self, db: AsyncSession, parent: Comment, change: int) -> None:
        """So many more direct answers are shown."""
        statement = (
            update(Comment)
            .where(Comment.id == parent.id)
            .values(replies_count=Comment.replies_count + change)
            .execution_options(
                synchronize_session=False,
                cache_tags=_tags(parent.entity_type, parent.entity_id),
            )
        )
        await db.execute(statement)
        set_committed_value(parent, "replies_count", parent.replies_count + change)

    async def take_away(self, db: AsyncSession, comment: Comment) -> bool:
        """For good, unless it has answers, be they shown or not. Whether it is gone."""
        statement = (
            delete(Comment)
            .where(Comment.id == comment.id, ~_HAS_ANSWERS)
            .returning(Comment.id)
            .execution_options(
                synchronize_session=False,
                cache_tags=_tags(comment.entity_type, comment.entity_id),
            )
        )
        gone = (await db.execute(statement)).scalar_one_or_none() is not None
        if gone:
            db.expunge(comment)
        return gone

    async def forget_unconfirmed(self, db: AsyncSession, before: datetime) -> None:
        """Delete what guests wrote before then who never confirmed their address.

        What was shown once, and waits for another decision, stays for the moderators.
        """
        await db.execute(
            delete(Comment)
            .where(
                Comment.guest_email.is_not(None),
                Comment.confirmed_at.is_(None),
                Comment.status.in_((CommentStatus.PENDING, CommentStatus.SPAM)),
                Comment.created_at < before,
                Comment.reactions_count == 0,
                Comment.reports_count == 0,
                ~_HAS_ANSWERS,
            )
            .execution_options(synchronize_session=False, cache_tags=())
        )

    async def forget_origins(self, db: AsyncSession, before: datetime) -> None:
        """From where comments came that were written before then."""
        await db.execute(
            update(Comment)
            .where(Comment.client.is_not(None), Comment.created_at < before)
            .values(client=None, agent=None)
            .execution_options(synchronize_session=False, cache_tags=())
        )

    async def outdated(
        self, db: AsyncSession, version: int, after: int, limit: int
    ) -> list[tuple[int, int, str]]:
        """Id, version and text of those behind `after` that were rendered by other rules."""
        statement = (
            select(Comment.id, Comment.version, Comment.body)
            .where(Comment.id > after, Comment.render_version != version, Comment.body != "")
            .order_by(Comment.id)
            .limit(limit)
        )
        return [(row.id, row.version, row.body) for row in await db.execute(statement)]

    async def rewrite(
        self, db: AsyncSession, comment_id: int, version: int, values: dict[str, Any]
    ) -> None:
        """Another HTML of the same text, if it is still this one; its version stays."""
        await db.execute(
            update(Comment)
            .where(Comment.id == comment_id, Comment.version == version)
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def _subject(model: type[Publishable]) -> tuple[Any, ...]:
    return (
        model.id,
        model.status,
        model.deleted_at,
        model.published_at,
        model.comments_count,
        model.comments_enabled,
    )


def _to_subject(kind: EntityType, row: Any, now: datetime) -> Subject:
    entity_id, status, deleted_at, published_at, count, enabled = row
    is_public = status is Status.PUBLISHED and deleted_at is None and published_at <= now
    return Subject(kind, entity_id, is_public, count, enabled, published_at)


def _tags(kind: EntityType, entity_id: int) -> tuple[str, ...]:
    noun = kind.noun
    return (
        cache_tags.comments(noun, entity_id),
        cache_tags.counts(noun),
        cache_tags.one(noun, entity_id),
    )
