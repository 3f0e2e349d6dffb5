from typing import Annotated

from fastapi import Path, Query

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import DbRead, PageDep, PostsDep, ProjectsDep, RedirectsDep, Viewer
from portfolio.api.errors import errors
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import MovedException, NotFoundException
from portfolio.core.pagination import Page
from portfolio.schemas.page import PageRead
from portfolio.schemas.redirects import RedirectRead
from portfolio.services.redirects import RedirectView

OldAddress = Annotated[str, Path(description="A path; slashes in it stand for themselves")]
router = v1_router("redirects")


@router.get("/redirects", response_model=PageRead[RedirectRead])
async def list_redirects(
    page: PageDep,
    db: DbRead,
    redirects: RedirectsDep,
    answer: AnswerDep,
    address: Annotated[
        str | None, Query(min_length=1, max_length=400, description="Only this old address")
    ] = None,
) -> Page[RedirectView]:
    """Old addresses and what took their place, for build time."""
    return answer.page(await redirects.page(db, page, address))


@router.get(
    "/posts/{address:path}",
    response_model=None,
    status_code=308,
    responses=errors(NotFoundException, MovedException),
)
async def follow_post_address(
    address: OldAddress, db: DbRead, posts: PostsDep, viewer: Viewer
) -> None:
    """From the path that a post had on a former site."""
    await posts.read(db, address, viewer)


@router.get(
    "/projects/{address:path}",
    response_model=None,
    status_code=308,
    responses=errors(NotFoundException, MovedException),
)
async def follow_project_address(
    address: OldAddress, db: DbRead, projects: ProjectsDep, viewer: Viewer
) -> None:
    """From the path that a project had on a former site."""
    await projects.read(db, address, viewer)
