from typing import Any

from portfolio.models.projections import ProjectDetail
from portfolio.models.users import User
from portfolio.schemas.projects import ProjectCreate
from portfolio.wiring import Services


async def make_project(
    services: Services,
    author: User,
    title: str = "A project",
    *,
    status: str = "published",
    **fields: Any,
) -> ProjectDetail:
    data = ProjectCreate.model_validate({"title": title, "status": status, **fields})
    async with services.database.transaction() as db:
        return await services.projects.create(db, data, author)
