from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Boolean, Integer, Select, Unicode, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.repositories.cards import EXCERPT, SHARED, shared_columns, shared_values
from portfolio.db.repositories.listings import Filter
from portfolio.db.repositories.publications import PublicationRepository
from portfolio.db.repositories.ready_cards import mark_stale
from portfolio.models.entities import EntityType
from portfolio.models.listings import Facet
from portfolio.models.projections import ProjectCard, ProjectDetail
from portfolio.models.projects import Project
from portfolio.models.taxonomy import ProjectTag, Tag
from portfolio.models.types import UTCDateTime
from portfolio.models.users import User

_TAG = bindparam("tag_slug", type_=Unicode())


class ProjectRepository(PublicationRepository[Project, ProjectCard, ProjectDetail]):
    model = Project
    entity_type = EntityType.PROJECTS
    labels: ClassVar[str] = "technologies"
    default_sort: ClassVar[str] = "position"
    sortable: ClassVar = {
        "position": Project.position,
        "published_at": Project.listed_at,
        "created_at": Project.created_at,
        "updated_at": Project.updated_at,
        "title": Project.title,
        "views": Project.views_count,
    }
    filters: ClassVar = {
        "tag": Filter(
            Project.id.in_(
                select(ProjectTag.project_id)
                .join(Tag, Tag.id == ProjectTag.tag_id)
                .where(Tag.slug == _TAG)
            ),
            lambda value: {"tag_slug": value},
            Facet.TAG,
            select(Tag.id).where(Tag.slug == _TAG).scalar_subquery(),
        ),
        "featured": Filter(
            Project.featured == bindparam("is_featured", type_=Boolean()),
            lambda value: {"is_featured": value, "featured_number": int(value)},
            Facet.FEATURED,
            bindparam("featured_number", type_=Integer()),
        ),
        "updated_since": Filter(
            Project.updated_at >= bindparam("since", type_=UTCDateTime()),
            lambda value: {"since": value},
        ),
    }

    def card_columns(self) -> Select[Any]:
        return select(
            *shared_columns(Project),
            Project.links,
            Project.role,
            Project.client,
            Project.started_on,
            Project.ended_on,
            Project.position,
        ).join(User, User.id == Project.author_id)

    def to_card(self, row: Sequence[Any], now: datetime) -> ProjectCard:
        links, role, client, started_on, ended_on, position = row[SHARED : SHARED + 6]
        return ProjectCard(
            **shared_values(row, now),
            summary=row[EXCERPT],
            links=links,
            role=role,
            client=client,
            started_on=started_on,
            ended_on=ended_on,
            position=position,
        )

    def to_detail(self, card: ProjectCard, **body: Any) -> ProjectDetail:
        return ProjectDetail(**vars(card), **body)

    async def next_position(self, db: AsyncSession) -> int:
        highest = (await db.execute(select(func.max(Project.position)))).scalar()
        return 0 if highest is None else highest + 1

    async def ids_in_order(self, db: AsyncSession) -> list[int]:
        """All that are not binned."""
        statement = (
            select(Project.id)
            .where(Project.deleted_at.is_(None))
            .order_by(Project.position, Project.id)
        )
        return list((await db.execute(statement)).scalars())

    async def place(self, db: AsyncSession, ids: Sequence[int]) -> None:
        """Give these the positions 0, 1, 2 …"""
        mark_stale(db, self.entity_type, ids)
        for position, project_id in enumerate(ids):
            await db.execute(
                update(Project)
                .where(Project.id == project_id, Project.position != position)
                .values(position=position)
                .execution_options(synchronize_session=False)
            )
