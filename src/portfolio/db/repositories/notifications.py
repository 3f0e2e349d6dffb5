from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException, RetryableException
from portfolio.db.repositories.base import BaseRepository
from portfolio.db.repositories.visibility import public, speaks
from portfolio.models.comments import Comment
from portfolio.models.entities import EntityType
from portfolio.models.notifications import Delivery, DigestItem, MailChoice, Occasion
from portfolio.models.posts import BlogPost
from portfolio.models.projects import Project
from portfolio.models.users import Role, User

# Fewer than the parameters that SQL Server takes.
_AT_ONCE = 500
_MODELS: Mapping[EntityType, type[BlogPost | Project]] = {
    EntityType.POSTS: BlogPost,
    EntityType.PROJECTS: Project,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A post or project, as far as mails tell of it."""

    kind: EntityType
    id: int
    slug: str
    title: str
    author_id: int
    is_public: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, and who wrote it."""

    comment: Comment
    name: str
    email: str | None


class MailChoiceRepository(BaseRepository[MailChoice]):
    """By address, which is expected folded."""

    model = MailChoice

    async def of(self, db: AsyncSession, addresses: Collection[str]) -> dict[str, Delivery]:
        """What was chosen for them; nothing where nothing was."""
        statement = select(MailChoice.email, MailChoice.delivery).where(
            MailChoice.email.in_(addresses)
        )
        return {row.email: row.delivery for row in await db.execute(statement)}

    async def put(self, db: AsyncSession, email: str, delivery: Delivery) -> None:
        """Raises RetryableException when somebody else makes the first choice at the same moment."""
        changed = await db.scalar(
            update(MailChoice)
            .where(MailChoice.email == email)
            .values(delivery=delivery, updated_at=utc_now())
            .returning(MailChoice.id)
            .execution_options(synchronize_session=False)
        )
        if changed is None:
            try:
                await self.create(db, MailChoice(email=email, delivery=delivery))
            except ConflictException as error:
                raise RetryableException from error

    async def move(self, db: AsyncSession, old: str, new: str) -> None:
        """What is chosen for the new address already stays as it is."""
        other = aliased(MailChoice)
        await db.execute(
            update(MailChoice)
            .where(MailChoice.email == old, ~exists().where(other.email == new))
            .values(email=new)
            .execution_options(synchronize_session=False)
        )
        await self.forget(db, old)

    async def forget(self, db: AsyncSession, email: str) -> None:
        await db.execute(
            delete(MailChoice)
            .where(MailChoice.email == email)
            .execution_options(synchronize_session=False)
        )


class DigestRepository:
    """What waits for the next daily mail of an address."""

    async def add(
        self, db: AsyncSession, comment_id: int, occasions: Mapping[str, Occasion]
    ) -> None:
        """By address. What an address was to be told of this comment before is forgotten."""
        await db.execute(
            delete(DigestItem)
            .where(DigestItem.comment_id == comment_id, DigestItem.email.in_(occasions))
            .execution_options(synchronize_session=False)
        )
        db.add_all(
            DigestItem(email=email, comment_id=comment_id, occasion=occasion)
            for email, occasion in occasions.items()
        )
        await db.flush()

    async def due(self, db: AsyncSession, before: datetime) -> Sequence[str]:
        """Some of the addresses for which something waits that came before then."""
        statement = (
            select(DigestItem.email).where(DigestItem.created_at < before).distinct().limit(100)
        )
        return (await db.execute(statement)).scalars().all()

    async def claim(
        self, db: AsyncSession, email: str, before: datetime
    ) -> list[tuple[int, Occasion]]:
        """Take it away: the comments and why, for exactly one of all who try at once."""
        taken = await db.execute(
            delete(DigestItem)
            .where(DigestItem.email == email, DigestItem.created_at < before)
            .returning(DigestItem.comment_id, DigestItem.occasion)
            .execution_options(synchronize_session=False)
        )
        return sorted((comment_id, occasion) for comment_id, occasion in taken)

    async def move(self, db: AsyncSession, old: str, new: str) -> None:
        other = aliased(DigestItem)
        there = exists().where(other.email == new, other.comment_id == DigestItem.comment_id)
        await db.execute(
            update(DigestItem)
            .where(DigestItem.email == old, ~there)
            .values(email=new)
            .execution_options(synchronize_session=False)
        )
        await self.forget(db, DigestItem.email == old)

    async def forget_of(self, db: AsyncSession, email: str) -> None:
        await self.forget(db, DigestItem.email == email)

    async def forget_before(self, db: AsyncSession, moment: datetime) -> None:
        await self.forget(db, DigestItem.created_at < moment)

    async def forget(self, db: AsyncSession, condition: ColumnElement[bool]) -> None:
        await db.execute(
            delete(DigestItem).where(condition).execution_options(synchronize_session=False)
        )


class NewsRepository:
    """What has to be known of a comment to tell people of it."""

    async def announce(self, db: AsyncSession, comment_id: int, at: datetime) -> bool:
        """Whether it speaks and nobody was told yet; from now on they are."""
        statement = (
            update(Comment)
            .where(Comment.id == comment_id, speaks(), Comment.announced_at.is_(None))
            .values(announced_at=at)
            .returning(Comment.id)
            .execution_options(synchronize_session=False, cache_tags=())
        )
        return (await db.execute(statement)).scalar_one_or_none() is not None

    async def said(self, db: AsyncSession, ids: Sequence[int]) -> list[Said]:
        """Those that are still there, in the order of their ids."""
        statement = (
            select(Comment, User.display_name, User.email)
            .outerjoin(User, User.id == Comment.author_id)
            .execution_options(populate_existing=True)
        )
        found = []
        for first in range(0, len(ids), _AT_ONCE):
            rows = await db.execute(
                statement.where(Comment.id.in_(ids[first : first + _AT_ONCE])).order_by(Comment.id)
            )
            found += [
                Said(comment, name or comment.guest_name or "", email or comment.guest_email)
                for comment, name, email in rows
            ]
        return found

    async def subjects(
        self, db: AsyncSession, comments: Iterable[Comment], now: datetime
    ) -> dict[tuple[EntityType, int], Subject]:
        """What they are about."""
        found: dict[tuple[EntityType, int], Subject] = {}
        wanted = sorted({(comment.entity_type, comment.entity_id) for comment in comments})
        for kind, model in _MODELS.items():
            ids = [entity_id for each, entity_id in wanted if each is kind]
            for first in range(0, len(ids), _AT_ONCE):
                is_public = case((public(model), 1), else_=0)
                statement = select(
                    model.id, model.slug, model.title, model.author_id, is_public
                ).where(model.id.in_(ids[first : first + _AT_ONCE]))
                rows = await db.execute(statement, {"now": now})
                for row_id, slug, title, author_id, shown in rows:
                    found[kind, row_id] = Subject(kind, row_id, slug, title, author_id, bool(shown))
        return found

    async def moderators(self, db: AsyncSession) -> Sequence[User]:
        return await self._accounts(db, User.role == Role.ADMIN)

    async def accounts(self, db: AsyncSession, ids: Collection[int]) -> Sequence[User]:
        """Those of them that are active, and were opened."""
        return await self._accounts(db, User.id.in_(ids))

    async def _accounts(self, db: AsyncSession, condition: ColumnElement[bool]) -> Sequence[User]:
        opened = or_(User.email_verified_at.is_not(None), User.last_login_at.is_not(None))
        statement = select(User).where(User.is_active, opened, condition).order_by(User.id)
        return (await db.execute(statement)).scalars().all()
