from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.config import SiteSettings
from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.history import RedirectRepository
from portfolio.models.entities import EntityType


@dataclass(frozen=True, slots=True)
class RedirectView:
    """An old path of the site and the one that took its place."""

    entity_type: EntityType
    old: str
    new: str


class RedirectService:
    def __init__(self, redirects: RedirectRepository, site: SiteSettings) -> None:
        self._redirects = redirects
        self._paths = {EntityType.POSTS: site.post_path, EntityType.PROJECTS: site.project_path}

    async def page(
        self, db: AsyncSession, request: PageRequest, address: str | None
    ) -> Page[RedirectView]:
        """Paths on the front end, for its build or its middleware."""
        page = await self._redirects.public_page(
            db, request, address.strip("/") if address else None
        )
        items = []
        for redirect, slug in page.items:
            path = self._paths[redirect.entity_type]
            old = path.format(slug=redirect.address) if redirect.is_slug else f"/{redirect.address}"
            items.append(RedirectView(redirect.entity_type, old, path.format(slug=slug)))
        return page.with_items(items)
