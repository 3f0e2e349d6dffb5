"""What is said about posts and projects."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from portfolio.adapters.limiter import LimitName, client_key
from portfolio.api.answers import AnswerDep
from portfolio.api.deps import (
    CommentsDep,
    DbRead,
    DbWrite,
    EntityType,
    GuestCommentsDep,
    GuestDbWrite,
    IfMatch,
    Ref,
    RowId,
    ThreadsDep,
    Viewer,
    services_of,
)
from portfolio.api.errors import errors
from portfolio.api.identity import CurrentWriter, SeesWaiting, SignInDb, WriterOrGuest
from portfolio.api.limits import count
from portfolio.api.query import QueryOf
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    CommentsClosedException,
    ForbiddenException,
    InsufficientScopeException,
    InvalidTokenException,
    NotFoundException,
    PreconditionFailedException,
    ReauthenticationRequiredException,
    TooLateException,
    UnauthorizedException,
)
from portfolio.schemas.comments import (
    CommentCreate,
    CommentList,
    CommentQuery,
    CommentRead,
    CommentUpdate,
    CommentWritten,
    ConfirmationUse,
    Confirmed,
)
from portfolio.services.comments.threads import CommentPage
from portfolio.services.comments.views import CommentView

ABSENT = errors(NotFoundException)
WRITE = errors(
    CommentsClosedException, InsufficientScopeException, NotFoundException, UnauthorizedException
)
CHANGE = errors(
    ForbiddenException,
    NotFoundException,
    PreconditionFailedException,
    ReauthenticationRequiredException,
    TooLateException,
)
HELD: dict[int | str, dict[str, Any]] = {
    202: {"model": CommentWritten, "description": "Kept, and not shown yet"}
}
router = v1_router("comments")


async def _limit(request: Request, writer: WriterOrGuest) -> None:
    key = f"user:{writer.user.id}" if writer else client_key()
    await count(request, LimitName.COMMENTS, key)
    if writer is None and services_of(request).settings.mail.configured:
        # A guest's brings a mail to an address that anybody can have entered.
        await count(request, LimitName.ACCOUNT_MAIL_CLIENT, client_key())


async def _limit_of_writers(request: Request, writer: CurrentWriter) -> None:
    """Whoever has others look at one comment again and again has them mailed each time."""
    if not writer.moderates:
        await _limit(request, writer)


def _add_target(kind: EntityType) -> None:
    one = kind.noun

    @router.get(
        f"/{kind}/{{ref}}/comments",
        response_model=CommentList,
        responses=ABSENT,
        name=f"list_{one}_comments",
        summary=f"What is said about a {one}",
    )
    async def list_comments(
        ref: Ref,
        asked: Annotated[CommentQuery, Depends(QueryOf(CommentQuery))],
        db: DbRead,
        threads: ThreadsDep,
        viewer: Viewer,
        answer: AnswerDep,
    ) -> CommentPage:
        """Threads, the oldest first, each with its answers; one's own that wait among them."""
        page = await threads.page(db, kind, ref, asked.page_request(), asked.parent_id, viewer)
        answer.page(page)
        return page

    @router.post(
        f"/{kind}/{{ref}}/comments",
        response_model=CommentWritten,
        status_code=201,
        responses=WRITE | HELD,
        dependencies=[Depends(_limit)],
        name=f"create_{one}_comment",
        summary=f"Say something about a {one}",
    )
    async def create_comment(
        ref: Ref,
        data: CommentCreate,
        db: GuestDbWrite,
        comments: CommentsDep,
        writer: WriterOrGuest,
        response: Response,
        answer: AnswerDep,
    ) -> CommentView:
        """As who is signed in, or as a guest; 202 if it waits, and `detail` says for what."""
        view = await comments.create(db, kind, ref, data, writer)
        if view.detail is not None:
            response.status_code = 202
            return view
        response.headers["Location"] = answer.request.url_for("get_comment", id=view.id).path
        return answer.versioned(view)


for _kind in (EntityType.POSTS, EntityType.PROJECTS):
    _add_target(_kind)


@router.post("/comments/confirm", response_model=Confirmed, responses=errors(InvalidTokenException))
async def confirm_comment(
    data: ConfirmationUse, db: SignInDb, guests: GuestCommentsDep
) -> Confirmed:
    """A guest's address is theirs: so says the link in the mail. The same again is answered alike."""
    return await guests.confirm(db, data.token)


@router.get("/comments/{id}", response_model=CommentRead, responses=ABSENT)
async def get_comment(
    id: RowId,
    db: DbRead,
    threads: ThreadsDep,
    viewer: Viewer,
    moderates: SeesWaiting,
    answer: AnswerDep,
) -> CommentView:
    """One comment with the answers below it."""
    return answer.versioned(await threads.read(db, id, viewer, moderates=moderates))


@router.patch(
    "/comments/{id}",
    response_model=CommentRead,
    responses=CHANGE,
    dependencies=[Depends(_limit_of_writers)],
)
async def update_comment(
    id: RowId,
    data: CommentUpdate,
    db: DbWrite,
    comments: CommentsDep,
    writer: CurrentWriter,
    if_match: IfMatch,
    answer: AnswerDep,
) -> CommentView:
    """Other words: from its writer for a while, from a moderator always."""
    return answer.versioned(await comments.update(db, id, data, writer, if_match))


@router.delete("/comments/{id}", status_code=204, responses=CHANGE)
async def delete_comment(
    id: RowId, db: DbWrite, comments: CommentsDep, writer: CurrentWriter, if_match: IfMatch
) -> None:
    """For good; one with answers leaves a stone that holds them together."""
    await comments.delete(db, id, writer, if_match)
