from typing import Annotated

from fastapi import APIRouter, Query

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import (
    AdminUser,
    DbRead,
    DbWrite,
    IfMatch,
    PageDep,
    ProjectsDep,
    Ref,
    RowId,
    Viewer,
)
from portfolio.api.errors import errors
from portfolio.api.route import Door
from portfolio.api.v1.endpoints.publications import CHANGE, add_verbs
from portfolio.core.errors import ConflictException, MovedException, NotFoundException
from portfolio.core.pagination import Page
from portfolio.models.projections import ProjectCard, ProjectDetail
from portfolio.schemas.page import PageRead
from portfolio.schemas.projects import (
    ProjectCreate,
    ProjectFilters,
    ProjectOrder,
    ProjectRead,
    ProjectSummary,
    ProjectUpdate,
)

router = APIRouter(tags=["projects"], route_class=Door)


@router.get("/projects", response_model=PageRead[ProjectSummary])
async def list_projects(
    filters: Annotated[ProjectFilters, Query()],
    page: PageDep,
    db: DbRead,
    projects: ProjectsDep,
    viewer: Viewer,
    answer: AnswerDep,
) -> Page[ProjectCard]:
    """Projects in the order that the owner gave them."""
    wanted = filters.model_dump(exclude_none=True)
    return answer.page(await projects.page(db, page, wanted, viewer))


@router.put("/projects/order", status_code=204)
async def order_projects(
    data: ProjectOrder, db: DbWrite, projects: ProjectsDep, _user: AdminUser
) -> None:
    """Give the projects a new order."""
    await projects.reorder(db, data.ids)


@router.get(
    "/projects/{ref}",
    response_model=ProjectRead,
    responses=errors(NotFoundException, MovedException),
)
async def get_project(
    ref: Ref,
    db: DbRead,
    projects: ProjectsDep,
    viewer: Viewer,
    answer: AnswerDep,
    preview_token: Annotated[str | None, Query(min_length=1, max_length=1000)] = None,
) -> ProjectDetail:
    """One project with all that its page needs."""
    project = answer.versioned(await projects.read(db, ref, viewer, preview_token))
    return answer.private(project) if preview_token else project


@router.post(
    "/projects", response_model=ProjectRead, status_code=201, responses=errors(ConflictException)
)
async def create_project(
    data: ProjectCreate, db: DbWrite, projects: ProjectsDep, author: AdminUser, answer: AnswerDep
) -> ProjectDetail:
    """Add a project: a draft, unless its status says otherwise."""
    return answer.created(await projects.create(db, data, author))


@router.patch("/projects/{id}", response_model=ProjectRead, responses=CHANGE)
async def update_project(
    id: RowId,
    changes: ProjectUpdate,
    db: DbWrite,
    projects: ProjectsDep,
    _user: AdminUser,
    if_match: IfMatch,
    answer: AnswerDep,
) -> ProjectDetail:
    """Change what is given; the rest stays."""
    return answer.versioned(await projects.update(db, id, changes, if_match))


add_verbs(router, "project", ProjectsDep, ProjectRead, ProjectSummary)
