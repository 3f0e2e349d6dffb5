"""The counts of all that a page lists, in one request."""

from typing import Any

from portfolio.api.deps import CountsDep, DbRead, Viewer
from portfolio.api.guests import KnownPerson
from portfolio.api.v1.prefix import v1_router
from portfolio.schemas.reactions import CountsQuery, CountsRead

router = v1_router("reactions")


@router.post("/counts", response_model=CountsRead)
async def count(
    asked: CountsQuery, db: DbRead, counts: CountsDep, person: KnownPerson, viewer: Viewer
) -> Any:
    """Of up to 100 posts, projects and comments: comments, reactions by kind, and views.

    A POST, since there is much to ask for; it changes nothing. What the caller may not see is
    answered as what does not exist: with `found: false` and no counts.
    """
    return {"items": await counts.read(db, asked.targets, person, viewer)}
