"""The sections of a profile: small lists in the order that the owner gave them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.pagination import Page, PageRequest
from portfolio.db.repositories.base import BaseRepository
from portfolio.models.profiles import (
    Award,
    Certificate,
    Education,
    Experience,
    Language,
    Section,
    Skill,
    SocialLink,
)

S = TypeVar("S", bound=Section)


class SectionRepository(BaseRepository[S]):
    default_sort: ClassVar[str] = "position"

    def __init__(self) -> None:
        # A home page reads all sections, and building a statement costs as much as running it.
        self._all = (
            select(self.model)
            .where(self.model.profile_id == bindparam("profile_id"))
            .order_by(self.model.position, self.model.id)
        )

    async def all_of(self, db: AsyncSession, profile_id: int) -> Sequence[S]:
        return (await db.execute(self._all, {"profile_id": profile_id})).scalars().all()

    async def page_of(self, db: AsyncSession, profile_id: int, request: PageRequest) -> Page[S]:
        mine = self.model.profile_id == profile_id
        total = await self.count(db, profile_id) if request.cursor is None else None
        return await self.page(db, select(self.model).where(mine), request, total)

    async def count(self, db: AsyncSession, profile_id: int) -> int:
        counted = select(func.count(self.model.id)).where(self.model.profile_id == profile_id)
        return int((await db.execute(counted)).scalar_one())

    async def of(self, db: AsyncSession, profile_id: int, row_id: int) -> S | None:
        return await self.first(db, self.model.id == row_id, self.model.profile_id == profile_id)

    async def append(self, db: AsyncSession, profile_id: int, row: S) -> S:
        """Behind the last one. The caller holds the lock of the profile."""
        last = select(func.max(self.model.position)).where(self.model.profile_id == profile_id)
        position = (await db.execute(last)).scalar_one()
        row.profile_id, row.position = profile_id, 0 if position is None else position + 1
        return await self.create(db, row)

    async def clear(self, db: AsyncSession, profile_id: int) -> None:
        await db.execute(delete(self.model).where(self.model.profile_id == profile_id))


class ExperienceRepository(SectionRepository[Experience]):
    model = Experience
    sortable: ClassVar = {"position": Experience.position}


class EducationRepository(SectionRepository[Education]):
    model = Education
    sortable: ClassVar = {"position": Education.position}


class SkillRepository(SectionRepository[Skill]):
    model = Skill
    sortable: ClassVar = {"position": Skill.position}


class SocialLinkRepository(SectionRepository[SocialLink]):
    model = SocialLink
    sortable: ClassVar = {"position": SocialLink.position}


class CertificateRepository(SectionRepository[Certificate]):
    model = Certificate
    sortable: ClassVar = {"position": Certificate.position}


class AwardRepository(SectionRepository[Award]):
    model = Award
    sortable: ClassVar = {"position": Award.position}


class LanguageRepository(SectionRepository[Language]):
    model = Language
    sortable: ClassVar = {"position": Language.position}


# The names are the fields of a profile on the wire.
SECTIONS: Mapping[str, SectionRepository[Any]] = {
    "experience": ExperienceRepository(),
    "education": EducationRepository(),
    "skills": SkillRepository(),
    "social_links": SocialLinkRepository(),
    "certificates": CertificateRepository(),
    "awards": AwardRepository(),
    "languages": LanguageRepository(),
}
