"""What people say about posts."""

from itertools import count
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.live import LiveEvent
from portfolio.models.posts import BlogPost
from portfolio.schemas.moderation import ModerationAction
from portfolio.wiring import Services

API = "/api/v1"
GUEST = {"name": "Ada", "email": "ada@example.com"}
_numbers = count()


def set_rules(services: Services, monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Settings of comments, as they would be after a restart."""
    for name, value in values.items():
        monkeypatch.setitem(vars(services.settings.comments), name, value)


async def say(
    client: httpx2.AsyncClient, about: Any, body: str | None = None, **fields: Any
) -> httpx2.Response:
    """About a post, something that nobody said before unless it is given."""
    text = body if body is not None else f"A remark, the number of which is {next(_numbers)}"
    path = f"{API}/posts/{about.id}/comments"
    return await client.post(path, json={"body": text, **fields})


async def said(
    client: httpx2.AsyncClient, about: Any, body: str | None = None, **fields: Any
) -> dict[str, Any]:
    """The same, of which nobody doubts that it is shown."""
    answer = await say(client, about, body, **fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def listed(client: httpx2.AsyncClient, about: Any, query: str = "") -> dict[str, Any]:
    # No cache answers whoever brings a cookie.
    headers = {"Cookie": "a=b"}
    answer = await client.get(f"{API}/posts/{about.id}/comments{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def tree(items: list[dict[str, Any]]) -> Any:
    """Ids in their order, each with those of its answers."""
    return [(item["id"], tree(item["replies"])) for item in items]


async def rows(database: Database) -> list[Comment]:
    async with database.reading() as db:
        return list(await db.scalars(select(Comment).order_by(Comment.id)))


async def decide(services: Services, action: ModerationAction, *ids: int) -> None:
    """As moderators do."""
    async with services.database.transaction() as db:
        await services.moderation.decide(db, ids, action)


async def counts_hold(database: Database) -> bool:
    """Whether every counter is what there is to count."""
    everything = await rows(database)
    async with database.reading() as db:
        speaking = select(func.count(Comment.id)).where(
            Comment.entity_id == BlogPost.id,
            Comment.status == CommentStatus.APPROVED,
            Comment.deleted_at.is_(None),
        )
        posts = select(BlogPost.comments_count, speaking.scalar_subquery())
        exact = all(said == there for said, there in await db.execute(posts))
    direct = {
        row.id: sum(each.parent_id == row.id and each.is_shown for each in everything)
        for row in everything
    }
    return exact and all(row.replies_count == direct[row.id] for row in everything)


async def events(database: Database) -> list[LiveEvent]:
    """Those about comments, the oldest first."""
    async with database.reading() as db:
        found = await db.scalars(select(LiveEvent).order_by(LiveEvent.id))
        return [event for event in found if event.type.startswith("comment.")]
