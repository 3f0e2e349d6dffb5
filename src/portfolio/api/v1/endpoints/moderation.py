"""What moderators do about comments, and how readers call them."""

from typing import Annotated

from fastapi import Depends, Request

from portfolio.adapters.limiter import LimitName, client_key
from portfolio.api.answers import AnswerDep
from portfolio.api.deps import DbRead, DbWrite, ModerationDep, RowId, Viewer
from portfolio.api.errors import errors
from portfolio.api.identity import FreshModerator, Moderator
from portfolio.api.limits import count
from portfolio.api.query import QueryOf
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import NotFoundException
from portfolio.core.pagination import Page
from portfolio.schemas.accounts import Accepted
from portfolio.schemas.moderation import (
    CommentAdmin,
    Moderation,
    ModerationQuery,
    ModerationRead,
    ReportCreate,
)
from portfolio.schemas.page import PageRead
from portfolio.services.comments.moderation import Decided, ModeratedView

ABSENT = errors(NotFoundException)
router = v1_router("moderation", prefix="/comments")


@router.get("", response_model=PageRead[CommentAdmin], responses=ABSENT)
async def list_comments_to_moderate(
    asked: Annotated[ModerationQuery, Depends(QueryOf(ModerationQuery))],
    db: DbRead,
    moderation: ModerationDep,
    moderator: Moderator,
    answer: AnswerDep,
) -> Page[ModeratedView]:
    """Comments in one status, the newest first."""
    return answer.page(await moderation.page(db, asked.page_request(), asked, moderator))


@router.post("/moderate", response_model=ModerationRead)
async def moderate_comments(
    data: Moderation, db: DbWrite, moderation: ModerationDep, _moderator: FreshModerator
) -> Decided:
    """Decide about up to 100 at once."""
    return await moderation.decide(db, data.ids, data.action)


async def _limit(request: Request, viewer: Viewer) -> None:
    key = f"user:{viewer.id}" if viewer else client_key()
    await count(request, LimitName.COMMENTS, key)


@router.post(
    "/{id}/report",
    status_code=202,
    dependencies=[Depends(_limit)],
    responses=ABSENT,
)
async def report_comment(
    id: RowId,
    db: DbWrite,
    moderation: ModerationDep,
    viewer: Viewer,
    data: ReportCreate | None = None,
) -> Accepted:
    """Ask a moderator to look at it; each person counts once."""
    return await moderation.report(db, id, data.reason if data else None, viewer)
