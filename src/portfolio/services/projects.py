from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import InvalidInputException
from portfolio.core.pagination import MAX_LIMIT, Page, PageRequest
from portfolio.core.security import PreviewTokens
from portfolio.db.repositories.engagement import EngagementRepository
from portfolio.db.repositories.projects import ProjectRepository
from portfolio.db.repositories.taxonomy import TagRepository
from portfolio.models.projections import ProjectCard, ProjectDetail
from portfolio.models.projects import Project
from portfolio.schemas.projects import ProjectUpdate
from portfolio.services.audit import AuditService
from portfolio.services.history import HistoryService
from portfolio.services.illustrations import IllustrationService
from portfolio.services.media import MediaService
from portfolio.services.publications import PublicationService

PLAIN = ("links", "role", "client", "started_on", "ended_on")


class ProjectService(PublicationService[Project, ProjectCard, ProjectDetail]):
    kept: ClassVar = ("title", "summary", "body_markdown", *PLAIN)

    def __init__(
        self,
        projects: ProjectRepository,
        tags: TagRepository,
        history: HistoryService,
        media: MediaService,
        illustrations: IllustrationService,
        engagement: EngagementRepository,
        previews: PreviewTokens,
        audit: AuditService,
    ) -> None:
        super().__init__(projects, tags, history, media, illustrations, engagement, previews, audit)
        self._projects = projects

    async def reorder(self, db: AsyncSession, ids: Sequence[int]) -> Page[ProjectCard]:
        """These come first, in this order. Raises InvalidInputException for an id that is none."""
        known = await self._projects.ids_in_order(db)
        if len(set(ids)) != len(ids) or not set(ids) <= set(known):
            raise InvalidInputException.of("ids", "name each project once, and only existing ones")
        await self._projects.place(db, [*ids, *(key for key in known if key not in set(ids))])
        return await self._projects.cards(db, PageRequest(limit=MAX_LIMIT), {}, "any")

    def _plain(self, given: Mapping[str, Any]) -> dict[str, Any]:
        columns = {name: given[name] for name in PLAIN if name in given}
        if "summary" in given:
            columns["summary"] = given["summary"] or None
        return columns

    async def _resolved(self, db: AsyncSession, given: Mapping[str, Any]) -> dict[str, Any]:
        if "position" not in given:
            return {}
        position = given["position"]
        if position is None:
            position = await self._projects.next_position(db)
        return {"position": position}

    def _from_snapshot(self, snapshot: Mapping[str, Any]) -> ProjectUpdate:
        fields = {**snapshot, "technologies": snapshot["tags"]}
        del fields["tags"]
        return ProjectUpdate.model_validate(fields)
