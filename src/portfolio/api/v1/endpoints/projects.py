from typing import Annotated

from fastapi import Depends, Query, Response

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import (
    DbRead,
    DbWrite,
    Editor,
    IfMatch,
    ProjectsDep,
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
from portfolio.core.pagination import Page
from portfolio.models.projections import ProjectCard, ProjectDetail
from portfolio.schemas.page import PageRead
from portfolio.schemas.projects import (
    ProjectCreate,
    ProjectOrder,
    ProjectQuery,
    ProjectRead,
    ProjectSummary,
    ProjectUpdate,
)

router = v1_router("projects")


@router.get(
    "/projects", response_model=PageRead[ProjectSummary], responses=errors(ForbiddenException)
)
async def list_projects(
    asked: Annotated[ProjectQuery, Depends(QueryOf(ProjectQuery))],
    db: DbRead,
    projects: ProjectsDep,
    viewer: Viewer,
    answer: AnswerDep,
) -> Response:
    """Projects in the order that the owner gave them."""
    page = await projects.page(db, asked.page_request(), asked.filters(), viewer)
    return answer.ready(answer.page(page))


@router.put("/projects/order", response_model=PageRead[ProjectSummary])
async def order_projects(
    data: ProjectOrder, db: DbWrite, projects: ProjectsDep, _user: Editor
) -> Page[ProjectCard]:
    """Give the projects a new order; the first hundred come back in it."""
    return await projects.reorder(db, data.ids)


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
) -> Response:
    """One project with all that its page needs."""
    project = answer.versioned(await projects.read(db, ref, viewer, preview_token))
    return answer.ready(answer.private(project) if preview_token else project)


@router.post(
    "/projects", response_model=ProjectRead, status_code=201, responses=errors(ConflictException)
)
async def create_project(
    data: ProjectCreate, db: DbWrite, projects: ProjectsDep, author: Editor, answer: AnswerDep
) -> ProjectDetail:
    """Add a project: a draft, unless its status says otherwise."""
    return answer.created(await projects.create(db, data, author))


@router.patch("/projects/{id}", response_model=ProjectRead, responses=CHANGE)
async def update_project(
    id: RowId,
    changes: ProjectUpdate,
    db: DbWrite,
    projects: ProjectsDep,
    _user: Editor,
    if_match: IfMatch,
    answer: AnswerDep,
) -> ProjectDetail:
    """Change what is given; the rest stays."""
    return answer.versioned(await projects.update(db, id, changes, if_match))


add_verbs(router, "project", ProjectsDep, ProjectRead, ProjectSummary)
