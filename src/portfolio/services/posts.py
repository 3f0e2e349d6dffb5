from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.refs import slug_of
from portfolio.core.security import PreviewTokens
from portfolio.db.repositories.engagement import EngagementRepository
from portfolio.db.repositories.posts import BlogPostRepository
from portfolio.db.repositories.taxonomy import SeriesRepository, TagRepository
from portfolio.models.posts import BlogPost
from portfolio.models.projections import PostCard, PostDetail
from portfolio.schemas.posts import PostUpdate
from portfolio.services.audit import AuditService
from portfolio.services.history import HistoryService
from portfolio.services.illustrations import IllustrationService
from portfolio.services.media import MediaService
from portfolio.services.publications import PublicationService


class PostService(PublicationService[BlogPost, PostCard, PostDetail]):
    kept: ClassVar = ("title", "summary", "body_markdown", "authors")

    def __init__(
        self,
        posts: BlogPostRepository,
        series: SeriesRepository,
        tags: TagRepository,
        history: HistoryService,
        media: MediaService,
        illustrations: IllustrationService,
        engagement: EngagementRepository,
        previews: PreviewTokens,
        audit: AuditService,
    ) -> None:
        super().__init__(posts, tags, history, media, illustrations, engagement, previews, audit)
        self._series = series

    def _plain(self, given: Mapping[str, Any]) -> dict[str, Any]:
        columns = {name: given[name] for name in ("authors", "series_position") if name in given}
        if "excerpt" in given:
            columns["summary"] = given["excerpt"] or None
        return columns

    async def _resolved(self, db: AsyncSession, given: Mapping[str, Any]) -> dict[str, Any]:
        if "series" not in given:
            return {}
        name = given["series"]
        if name is None:
            return {"series_id": None}
        slug = slug_of(name, self._series.noun)
        return {"series_id": (await self._series.ensure(db, {slug: name}))[slug]}

    def _from_snapshot(self, snapshot: Mapping[str, Any]) -> PostUpdate:
        fields = {**snapshot, "excerpt": snapshot["summary"]}
        del fields["summary"]
        return PostUpdate.model_validate(fields)
