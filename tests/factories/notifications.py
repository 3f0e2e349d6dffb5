"""What people say, and the mail that others get of it."""

from typing import Any

from sqlalchemy import func, select
from tests.factories.waiting_mail import mails

from portfolio.core.clock import utc_now
from portfolio.core.context import RequestContext, enter
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.entities import EntityType
from portfolio.models.outbox import OutboxJob
from portfolio.models.users import Role, User
from portfolio.services.notifications.service import COMMENT_NOTIFICATIONS
from portfolio.wiring import Services

GUEST = "guest@example.net"


async def make_account(services: Services, name: str, role: Role = Role.USER) -> User:
    """One that was opened, so that mail reaches somebody."""
    user = User(
        email=f"{name}@example.com",
        username=name,
        display_name=name.title(),
        role=role,
        email_verified_at=utc_now(),
    )
    async with services.database.transaction() as db:
        db.add(user)
    return user


async def say(
    services: Services,
    entity_id: int,
    author: User | None = None,
    *,
    parent: Comment | None = None,
    status: CommentStatus = CommentStatus.APPROVED,
    html: str = "<p>Well <em>said</em></p>",
    **fields: Any,
) -> Comment:
    """A comment on a post, by a guest where no author is named; nobody hears of it yet."""
    guest = {"guest_name": "Gast", "guest_email": GUEST} if author is None else {}
    values: dict[str, Any] = {"confirmed_at": utc_now(), **guest, **fields}
    comment = Comment(
        entity_type=EntityType.POSTS,
        entity_id=entity_id,
        parent_id=parent.id if parent else None,
        author_id=author.id if author else None,
        status=status,
        digest="0" * 64,
        render_version=1,
        body="Well *said*",
        html=html,
        **values,
    )
    async with services.database.transaction() as db:
        db.add(comment)
    return comment


async def show(services: Services, comment: Comment, by: User | None = None) -> None:
    """Have it told that it speaks, by whoever let it."""
    enter(RequestContext(actor_id=by.id if by else None))
    async with services.database.transaction() as db:
        await services.notifications.shown(db, comment)


async def hold(services: Services, comment: Comment) -> None:
    """Have it told that it waits."""
    enter(RequestContext(actor_id=comment.author_id))
    async with services.database.transaction() as db:
        await services.notifications.waits(db, comment)


async def told(services: Services) -> dict[str, list[str]]:
    """By address, the templates of what it gets."""
    found: dict[str, list[str]] = {}
    for mail in await mails(services):
        found.setdefault(mail["to"].partition("@")[0], []).append(mail["template"])
    return found


async def jobs_left(services: Services) -> int:
    waiting = select(func.count(OutboxJob.id)).where(OutboxJob.topic == COMMENT_NOTIFICATIONS)
    async with services.database.reading() as db:
        return (await db.execute(waiting)).scalar_one()
