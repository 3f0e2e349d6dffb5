"""Where documents go: posts and projects among the publications, jobs into the owner's profile."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.session import Database
from portfolio.importers.material import Material
from portfolio.importers.pictures import alternative_texts
from portfolio.importers.plan import Plan, Task
from portfolio.importers.shapes import fields_of, fitted
from portfolio.models.projections import PostDetail, ProjectDetail
from portfolio.schemas.base import Input
from portfolio.schemas.posts import PostCreate, PostUpdate
from portfolio.schemas.profiles import ExperienceCreate, ExperienceUpdate
from portfolio.schemas.projects import ProjectCreate, ProjectUpdate
from portfolio.schemas.publications import PublicationFields
from portfolio.services.media import MediaService
from portfolio.services.picture_files import StoredPicture
from portfolio.services.posts import PostService
from portfolio.services.profiles import ProfileService
from portfolio.services.projects import ProjectService

JOBS = "experience"
# By their addresses here.
Pictures = Mapping[str, StoredPicture]


class Target(Protocol):
    def shape(self, task: Task, material: Material, stored: Mapping[str, str]) -> Input:
        """The body for the service; `stored` has the addresses here by those as written.

        Raises DocumentError for what does not fit.
        """

    async def put(
        self, db: AsyncSession, plan: Plan, task: Task, data: Any, pictures: Pictures
    ) -> int:
        """Make or change it by this body, and show the pictures. Returns its id."""

    async def arrange(self, db: AsyncSession, plan: Plan, ids: Sequence[int]) -> None:
        """Put all of the kind in this order."""


class _Publications:
    create: ClassVar[type[PublicationFields]]
    update: ClassVar[type[PublicationFields]]

    def __init__(
        self, database: Database, service: PostService | ProjectService, media: MediaService
    ) -> None:
        self._database = database
        self._service = service
        self._media = media

    def shape(self, task: Task, material: Material, stored: Mapping[str, str]) -> PublicationFields:
        values = fields_of(material.document, material.body(stored), stored)
        if task.row is None or task.row.slug != task.slug:
            values["slug"] = task.slug
        schema = self.update if task.row else self.create
        return fitted(schema, values, material.document, material.warnings)

    async def put(
        self, db: AsyncSession, plan: Plan, task: Task, data: Any, pictures: Pictures
    ) -> int:
        cover = data.cover if data.cover and data.cover.url in pictures else None
        if cover:
            # It is no picture of this site before it belongs to something.
            data = data.model_copy(update={"cover": None})
            data.model_fields_set.discard("cover")
        if task.row is None:
            detail = await self._service.create(db, data, plan.owner)
        else:
            async with self._database.reading() as reader:
                before = await self._service.read(reader, str(task.row.id), plan.owner)
            detail = await self._service.update(db, task.row.id, data, plan.version(task))
            await self._take_down(db, before, data.body_markdown)
        kind = self._service.kind
        if cover:
            shown = {"alt": cover.alt, "is_cover": True}
            await self._media.add_picture(db, detail.id, kind, pictures[cover.url], **shown)
        alternatives = alternative_texts(detail.html) if pictures else {}
        for url, picture in pictures.items():
            alt = alternatives.get(url) or None
            await self._media.add_picture(db, detail.id, kind, picture, alt=alt)
        return detail.id

    async def _take_down(
        self, db: AsyncSession, before: PostDetail | ProjectDetail, body: str
    ) -> None:
        """Pictures that the text showed and no longer does."""
        for image in before.images:
            if image.url in before.body_markdown and image.url not in body and not image.cover:
                await self._media.delete(db, image.id)


class PostTarget(_Publications):
    create, update = PostCreate, PostUpdate

    async def arrange(self, db: AsyncSession, plan: Plan, ids: Sequence[int]) -> None:
        """Their dates order them."""


class ProjectTarget(_Publications):
    create, update = ProjectCreate, ProjectUpdate

    def __init__(self, database: Database, projects: ProjectService, media: MediaService) -> None:
        super().__init__(database, projects, media)
        self._projects = projects

    async def arrange(self, db: AsyncSession, plan: Plan, ids: Sequence[int]) -> None:
        del plan
        await self._projects.reorder(db, ids)


class JobTarget:
    def __init__(self, profiles: ProfileService) -> None:
        self._profiles = profiles

    def shape(self, task: Task, material: Material, stored: Mapping[str, str]) -> Input:
        document = material.document
        if document.cover or material.pictures:
            material.warnings.append("the pictures of a job have no place here")
        schema = ExperienceUpdate if task.row else ExperienceCreate
        values = fields_of(document, document.body, stored)
        return fitted(schema, values, document, material.warnings)

    async def put(
        self, db: AsyncSession, plan: Plan, task: Task, data: Any, pictures: Pictures
    ) -> int:
        del pictures
        if task.row is None:
            return (await self._profiles.add(db, JOBS, data, plan.owner)).id
        known = plan.version(task)
        return (await self._profiles.change(db, JOBS, task.row.id, data, plan.owner, known)).id

    async def arrange(self, db: AsyncSession, plan: Plan, ids: Sequence[int]) -> None:
        await self._profiles.reorder(db, JOBS, ids, plan.owner)
