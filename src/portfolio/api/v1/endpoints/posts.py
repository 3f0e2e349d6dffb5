from typing import Annotated

from fastapi import Depends, Query, Response

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import (
    DbRead,
    DbWrite,
    Editor,
    IfMatch,
    PostsDep,
    Ref,
    RowId,
    Viewer,
)
from portfolio.api.errors import errors
from portfolio.api.query import QueryOf
from portfolio.api.v1.endpoints.publications import CHANGE, add_verbs
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    ConflictException,
    ForbiddenException,
    MovedException,
    NotFoundException,
)
from portfolio.models.projections import PostDetail
from portfolio.schemas.page import PageRead
from portfolio.schemas.posts import PostCreate, PostQuery, PostRead, PostSummary, PostUpdate

router = v1_router("posts")


@router.get("/posts", response_model=PageRead[PostSummary], responses=errors(ForbiddenException))
async def list_posts(
    asked: Annotated[PostQuery, Depends(QueryOf(PostQuery))],
    db: DbRead,
    posts: PostsDep,
    viewer: Viewer,
    answer: AnswerDep,
) -> Response:
    """Posts, the newest first."""
    page = await posts.page(db, asked.page_request(), asked.filters(), viewer)
    return answer.ready(answer.page(page))


@router.get(
    "/posts/{ref}", response_model=PostRead, responses=errors(NotFoundException, MovedException)
)
async def get_post(
    ref: Ref,
    db: DbRead,
    posts: PostsDep,
    viewer: Viewer,
    answer: AnswerDep,
    preview_token: Annotated[str | None, Query(min_length=1, max_length=1000)] = None,
) -> Response:
    """One post with all that its page needs."""
    post = answer.versioned(await posts.read(db, ref, viewer, preview_token))
    return answer.ready(answer.private(post) if preview_token else post)


@router.post(
    "/posts", response_model=PostRead, status_code=201, responses=errors(ConflictException)
)
async def create_post(
    data: PostCreate, db: DbWrite, posts: PostsDep, author: Editor, answer: AnswerDep
) -> PostDetail:
    """Write a post: a draft, unless its status says otherwise."""
    return answer.created(await posts.create(db, data, author))


@router.patch("/posts/{id}", response_model=PostRead, responses=CHANGE)
async def update_post(
    id: RowId,
    changes: PostUpdate,
    db: DbWrite,
    posts: PostsDep,
    _user: Editor,
    if_match: IfMatch,
    answer: AnswerDep,
) -> PostDetail:
    """Change what is given; the rest stays."""
    return answer.versioned(await posts.update(db, id, changes, if_match))


add_verbs(router, "post", PostsDep, PostRead, PostSummary)
