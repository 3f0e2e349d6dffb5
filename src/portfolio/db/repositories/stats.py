from datetime import datetime

from sqlalchemy import ScalarSelect, SQLColumnExpression, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.repositories.sessions import alive
from portfolio.db.repositories.uploads import IMAGES, VIDEOS
from portfolio.db.repositories.visibility import SCOPES
from portfolio.models.base import Base
from portfolio.models.contact import ContactMessage, ContactState
from portfolio.models.media import Image, Video
from portfolio.models.outbox import OutboxJob
from portfolio.models.posts import BlogPost
from portfolio.models.projections import Stats
from portfolio.models.projects import Project
from portfolio.models.publications import Publishable
from portfolio.models.sessions import UserSession
from portfolio.models.users import Role, User

_FILES = union(IMAGES, VIDEOS).subquery()
_BYTES = select(func.coalesce(func.sum(_FILES.c.bytes), 0)).scalar_subquery()
STATES = ("draft", "scheduled", "published", "archived", "binned")


class StatsRepository:
    async def read(
        self, db: AsyncSession, now: datetime, idle_since: datetime, mail_topic: str
    ) -> Stats:
        """Everything in one statement."""
        waiting = OutboxJob.finished_at.is_(None)
        counts = [
            *_states(BlogPost),
            *_states(Project),
            _count(Image),
            _count(Video),
            _BYTES,
            _count(User),
            _count(User, User.is_active),
            _count(User, User.is_active, User.role == Role.ADMIN),
            _count(UserSession, alive(now), UserSession.last_seen_at > idle_since),
            _count(OutboxJob, waiting),
            _count(OutboxJob, OutboxJob.failed_at.is_not(None)),
            _count(OutboxJob, waiting, OutboxJob.topic == mail_topic),
            _count(ContactMessage, ContactMessage.state == ContactState.NEW),
        ]
        row = list((await db.execute(select(*counts), {"now": now})).one())
        posts, projects, rest = row[:5], row[5:10], row[10:]
        return Stats(
            posts=dict(zip(STATES, posts, strict=True)),
            projects=dict(zip(STATES, projects, strict=True)),
            images=rest[0],
            videos=rest[1],
            media_bytes=int(rest[2]),
            users=dict(zip(("total", "active", "admins"), rest[3:6], strict=True)),
            sessions=rest[6],
            jobs=dict(zip(("waiting", "failed", "mails_waiting"), rest[7:10], strict=True)),
            new_messages=rest[10],
        )


def _states(model: type[Publishable]) -> list[ScalarSelect[int]]:
    return [_count(model, SCOPES[state](model)) for state in STATES]


def _count(model: type[Base], *conditions: SQLColumnExpression[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(model).where(*conditions).scalar_subquery()
