"""What posts and projects have in common: both can be public, and hidden in the same ways."""

from datetime import timedelta
from typing import Any

from tests.factories.posts import make_post
from tests.factories.projects import make_project

from portfolio.core.clock import utc_now
from portfolio.models.users import User
from portfolio.wiring import Services

NOUNS = ("posts", "projects")
HIDDEN = ("draft", "scheduled", "archived", "binned")


async def make(
    services: Services, noun: str, author: User, title: str = "Something", **fields: Any
) -> Any:
    """A post or a project, public unless `status` says otherwise."""
    if noun == "posts":
        return await make_post(services, author, title, **fields)
    if "tags" in fields:
        fields["technologies"] = fields.pop("tags")
    return await make_project(services, author, title, **fields)


async def make_hidden(services: Services, noun: str, author: User, how: str, **fields: Any) -> Any:
    """One that strangers must not see: how is one of HIDDEN."""
    if how == "scheduled":
        fields["published_at"] = utc_now() + timedelta(days=1)
    status = "published" if how == "binned" else how
    hidden = await make(services, noun, author, status=status, **fields)
    if how == "binned":
        rows = services.posts if noun == "posts" else services.projects
        async with services.database.transaction() as db:
            await rows.delete(db, hidden.id, permanent=False)
    return hidden
