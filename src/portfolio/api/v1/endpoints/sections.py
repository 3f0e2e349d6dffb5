"""The same routes for each section of a profile."""

from dataclasses import dataclass

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import DbRead, DbWrite, Editor, IfMatch, PageDep, ProfilesDep, RowId
from portfolio.api.errors import errors
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    ConflictException,
    NotFoundException,
    PreconditionFailedException,
)
from portfolio.core.pagination import Page
from portfolio.models.profiles import Section
from portfolio.schemas import profiles as schemas
from portfolio.schemas.base import Input
from portfolio.schemas.page import PageRead
from portfolio.schemas.profiles import Order, SectionRead

CHANGE = errors(NotFoundException, PreconditionFailedException)
router = v1_router("profile")


@dataclass(frozen=True, slots=True)
class Kind:
    """A section by its name in a profile, and the noun and the bodies of one entry."""

    section: str
    one: str
    create: type[Input]
    update: type[Input]
    read: type[SectionRead]


KINDS = (
    Kind(
        "experience",
        "experience",
        schemas.ExperienceCreate,
        schemas.ExperienceUpdate,
        schemas.ExperienceRead,
    ),
    Kind(
        "education",
        "education",
        schemas.EducationCreate,
        schemas.EducationUpdate,
        schemas.EducationRead,
    ),
    Kind("skills", "skill", schemas.SkillCreate, schemas.SkillUpdate, schemas.SkillRead),
    Kind(
        "social_links",
        "social_link",
        schemas.SocialLinkCreate,
        schemas.SocialLinkUpdate,
        schemas.SocialLinkRead,
    ),
    Kind(
        "certificates",
        "certificate",
        schemas.CertificateCreate,
        schemas.CertificateUpdate,
        schemas.CertificateRead,
    ),
    Kind("awards", "award", schemas.AwardCreate, schemas.AwardUpdate, schemas.AwardRead),
    Kind(
        "languages",
        "language",
        schemas.LanguageCreate,
        schemas.LanguageUpdate,
        schemas.LanguageRead,
    ),
)


def _add(kind: Kind) -> None:
    section, one = kind.section, kind.one
    path = f"/profile/{section.replace('_', '-')}"

    @router.get(
        path,
        response_model=PageRead[kind.read],  # type: ignore[name-defined]  # the schema of this section
        responses=errors(NotFoundException),
        name=f"list_{section}",
    )
    async def list_entries(
        page: PageDep, db: DbRead, profiles: ProfilesDep, answer: AnswerDep
    ) -> Page[Section]:
        """The owner's, in their order."""
        return answer.page(await profiles.entries(db, section, page))

    @router.post(
        path,
        response_model=kind.read,
        status_code=201,
        responses=errors(NotFoundException, ConflictException),
        name=f"create_{one}",
    )
    async def create(
        data: kind.create,  # type: ignore[name-defined]  # the schema of this section
        db: DbWrite,
        profiles: ProfilesDep,
        user: Editor,
        answer: AnswerDep,
    ) -> Section:
        """Add one behind the others."""
        return answer.created(await profiles.add(db, section, data, user))

    @router.put(
        f"{path}/order",
        response_model=PageRead[kind.read],  # type: ignore[name-defined]  # the schema of this section
        responses=errors(NotFoundException),
        name=f"order_{section}",
    )
    async def order(data: Order, db: DbWrite, profiles: ProfilesDep, user: Editor) -> Page[Section]:
        """Give them a new order, naming each once."""
        return await profiles.reorder(db, section, data.ids, user)

    @router.get(
        f"{path}/{{id}}",
        response_model=kind.read,
        responses=errors(NotFoundException),
        name=f"get_{one}",
    )
    async def get(id: RowId, db: DbRead, profiles: ProfilesDep, answer: AnswerDep) -> Section:
        """One of the owner's."""
        return answer.versioned(await profiles.entry(db, section, id))

    @router.patch(
        f"{path}/{{id}}", response_model=kind.read, responses=CHANGE, name=f"update_{one}"
    )
    async def update(
        id: RowId,
        changes: kind.update,  # type: ignore[name-defined]  # the schema of this section
        db: DbWrite,
        profiles: ProfilesDep,
        user: Editor,
        if_match: IfMatch,
        answer: AnswerDep,
    ) -> Section:
        """Change what is given; the rest stays."""
        return answer.versioned(await profiles.change(db, section, id, changes, user, if_match))

    @router.delete(f"{path}/{{id}}", status_code=204, responses=CHANGE, name=f"delete_{one}")
    async def delete(
        id: RowId, db: DbWrite, profiles: ProfilesDep, user: Editor, if_match: IfMatch
    ) -> None:
        """Take it out."""
        await profiles.remove(db, section, id, user, if_match)


for _kind in KINDS:
    _add(_kind)
