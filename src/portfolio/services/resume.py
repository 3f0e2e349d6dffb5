"""JSON Resume 1.0.0 to and from a profile, without loss.

What has a column goes there. What remains of the document, with the containers that held it,
stays in `extras`, so that reading lays the columns and rows over it again: left out, null, "" and
[] come back as they were.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import NotFoundException
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.models.audit import Action
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
from portfolio.models.projections import ProfileDetail
from portfolio.models.users import User
from portfolio.schemas.resume import Resume
from portfolio.services.audit import AuditService
from portfolio.services.illustrations import IllustrationService
from portfolio.services.profiles import NO_OWNER, note_texts, rendered
from portfolio.services.versions import require_version

Json = dict[str, Any]

BASICS = {
    "name": "name",
    "label": "headline",
    "image": "image_url",
    "email": "email",
    "phone": "phone",
    "url": "website",
    "summary": "summary_markdown",
}
LOCATION = {
    "address": "address",
    "postalCode": "postal_code",
    "city": "city",
    "region": "region",
    "countryCode": "country_code",
}


@dataclass(frozen=True, slots=True)
class List:
    """A list of the document, the section that it is, and the columns of its fields."""

    section: str
    model: type[Section]
    columns: Mapping[str, str]

    def rows(self, entries: list[Json]) -> list[Section]:
        return [
            self.model(**_columns(entry, self.columns), extras=_rest(entry, self.columns))
            for entry in entries
        ]

    def entries(self, rows: Sequence[Section]) -> list[Json]:
        return [{**row.extras, **_given(row, self.columns)} for row in rows]


NETWORKS = List(
    "social_links", SocialLink, {"network": "network", "username": "username", "url": "url"}
)
LISTS = {
    "work": List(
        "experience",
        Experience,
        {
            "name": "company",
            "position": "title",
            "location": "location",
            "description": "description",
            "url": "url",
            "startDate": "started_on",
            "endDate": "ended_on",
            "summary": "summary",
            "highlights": "highlights",
        },
    ),
    "education": List(
        "education",
        Education,
        {
            "institution": "institution",
            "url": "url",
            "area": "area",
            "studyType": "degree",
            "startDate": "started_on",
            "endDate": "ended_on",
            "score": "score",
            "courses": "courses",
        },
    ),
    "skills": List("skills", Skill, {"name": "name", "level": "level", "keywords": "keywords"}),
    "certificates": List(
        "certificates",
        Certificate,
        {"name": "name", "date": "issued_on", "url": "url", "issuer": "issuer"},
    ),
    "awards": List(
        "awards",
        Award,
        {"title": "title", "date": "awarded_on", "awarder": "awarder", "summary": "summary"},
    ),
    "languages": List("languages", Language, {"language": "language", "fluency": "fluency"}),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """A document taken apart: columns of the profile, its extras, and the rows of each section."""

    columns: Json
    extras: Json
    sections: dict[str, list[Section]]


def take_apart(resume: Resume) -> Parts:
    document: Json = dict(resume)
    sections = {}
    for key, kind in LISTS.items():
        sections[kind.section] = kind.rows(document.get(key, []))
    basics = document.get("basics", {})
    location = basics.get("location", {})
    sections[NETWORKS.section] = NETWORKS.rows(basics.get("profiles", []))

    extras = _emptied(document, LISTS)
    if "basics" in document:
        extras["basics"] = _emptied(_rest(basics, BASICS), {"profiles"})
    if "location" in basics:
        extras["basics"]["location"] = _rest(location, LOCATION)
    return Parts(_columns(basics, BASICS) | _columns(location, LOCATION), extras, sections)


def put_together(profile: ProfileDetail) -> Json:
    """The document of a profile, whether it came as one or was written field by field."""
    document = dict(profile.extras)
    for key, kind in LISTS.items():
        _lay(document, key, kind.entries(getattr(profile, kind.section)))
    basics = {**document.get("basics", {}), **_given(profile, BASICS)}
    location = {**basics.get("location", {}), **_given(profile, LOCATION)}
    _lay(basics, "location", location)
    _lay(basics, "profiles", NETWORKS.entries(profile.social_links))
    _lay(document, "basics", basics)
    return document


@dataclass(frozen=True, slots=True)
class ResumeView:
    document: Json
    version: int


class ResumeService:
    def __init__(
        self, profiles: ProfileRepository, illustrations: IllustrationService, audit: AuditService
    ) -> None:
        self._profiles = profiles
        self._illustrations = illustrations
        self._audit = audit

    async def of_owner(self, db: AsyncSession) -> ResumeView:
        """Raises NotFoundException while nobody owns the site."""
        detail = await self._profiles.of_owner(db)
        if detail is None:
            raise NotFoundException(NO_OWNER)
        return ResumeView(put_together(detail), detail.version)

    async def replace(
        self, db: AsyncSession, resume: Resume, user: User, expected: int | None = None
    ) -> ResumeView:
        """The whole profile becomes what the document says. Raises PreconditionFailedException."""
        parts = take_apart(resume)
        html = await rendered(parts.columns["summary_markdown"])
        profile = await self._profiles.locked(db, user.id)
        require_version(profile, expected)
        if html:
            html = await self._illustrations.illustrate(db, html)
        values = {**parts.columns, "summary_html": html, "extras": parts.extras}
        await self._profiles.replace(db, profile, values, parts.sections)
        await note_texts(db, self._illustrations, profile)
        target = "profile", profile.id
        await self._audit.record(db, Action.RESUME_REPLACED, target=target)
        detail = await self._profiles.detail(db, user.username, profile)
        return ResumeView(put_together(detail), detail.version)


def _columns(entry: Json, names: Mapping[str, str]) -> Json:
    return {column: entry.get(key) for key, column in names.items()}


def _rest(entry: Json, names: Mapping[str, str]) -> Json:
    return {key: value for key, value in entry.items() if key not in names}


def _given(row: object, names: Mapping[str, str]) -> Json:
    found = {key: getattr(row, column) for key, column in names.items()}
    return {key: value for key, value in found.items() if value is not None}


def _emptied(entry: Json, lists: Collection[str]) -> Json:
    return {key: [] if key in lists else value for key, value in entry.items()}


def _lay(document: Json, key: str, value: list[Json] | Json) -> None:
    """Set what there is; what is empty stays as it was: left out, or given empty."""
    if value:
        document[key] = value
