"""What a text, a status and a date mean for the columns of a publication."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from portfolio.core.clock import utc_now
from portfolio.core.context import current
from portfolio.core.errors import InvalidInputException
from portfolio.core.markdown import RENDER_VERSION, render
from portfolio.models.projections import Card
from portfolio.models.publications import Publishable, Status

AnyCard = TypeVar("AnyCard", bound=Card)

SAME_NAME = ("title", "body_markdown", "featured", "canonical_url", "comments_enabled")
TRACED = ("slug", "title", "status", "published_at")
SEO = ("title", "description", "image")


async def shared_columns(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that posts and projects have in common, with all that is made of the body."""
    columns = {name: given[name] for name in SAME_NAME if name in given}
    if "seo" in given:
        seo = dict.fromkeys(SEO) if given["seo"] is None else given["seo"]
        columns.update({f"seo_{name}": value for name, value in seo.items()})
    if "body_markdown" in given:
        columns.update(await rendered_columns(given["body_markdown"]))
    return columns


async def rendered_columns(markdown: str) -> dict[str, Any]:
    """All that is made of a body: off the event loop, to be called before a transaction begins."""
    rendered = await asyncio.to_thread(render, markdown)
    return {
        "html": rendered.html,
        "toc": [asdict(heading) for heading in rendered.toc],
        "excerpt": rendered.excerpt,
        "reading_time": rendered.reading_time,
        "render_version": RENDER_VERSION,
    }


def noted(detail: AnyCard) -> AnyCard:
    """Have the answer say so, if strangers must not see what it shows."""
    if detail.status != Status.PUBLISHED or detail.deleted_at is not None:
        current().shows_unpublished = True
    return detail


def apply_status(row: Publishable, given: Mapping[str, Any]) -> None:
    """Bring about the `status` and `published_at` that were given.

    Raises InvalidInputException for taking the date from what stays published.
    """
    at = given.get("published_at")
    match given.get("status"):
        case "published" | "scheduled":
            now = utc_now()
            proposed = row.published_at if row.published_at and row.published_at <= now else now
            row.publish(at or proposed)
            return
        case "archived":
            row.archive()
        case "draft":
            row.unpublish()
    if "published_at" in given:
        if at is None and row.status is Status.PUBLISHED:
            raise InvalidInputException.of("published_at", "what is published keeps its date")
        row.date(at)


def traced(row: Publishable) -> dict[str, Any]:
    """What the audit trail tells of a change, besides the names of the fields."""
    return {name: getattr(row, name) for name in TRACED}
