"""A profile, its sections, and how both are changed. Null leaves a field out of the résumé."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    EmailStr,
    Field,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    computed_field,
)

from portfolio.schemas.base import (
    Ids,
    Input,
    Line,
    Markdown,
    Output,
    PartialDate,
    Text,
    Title,
    WebAddress,
    example,
)
from portfolio.schemas.media import ImageRead
from portfolio.schemas.posts import PostSummary
from portfolio.schemas.projects import ProjectSummary
from portfolio.schemas.publications import not_null


def _or_empty(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    # A résumé may give an address as "", and what was read can be written back.
    return value if value == "" else check(value)


Address = Annotated[WebAddress, WrapValidator(_or_empty)]
Email = Annotated[EmailStr, Field(max_length=254), WrapValidator(_or_empty)]
Lines = Annotated[list[Text], Field(max_length=200)]


class ProfileUpdate(Input):
    model_config = example(name="Ada Lovelace", headline="Programmer", city="London")

    name: Line | None = None
    headline: Line | None = None
    image_url: Address | None = None
    email: Email | None = Field(None, description="Shown to everyone; not the account's own")
    phone: Line | None = None
    website: Address | None = None
    summary_markdown: Annotated[Markdown, Field(max_length=100_000)] | None = None
    address: Text | None = None
    postal_code: Line | None = None
    city: Line | None = None
    region: Line | None = None
    country_code: Annotated[Line, Field(max_length=20)] | None = Field(
        None, description="ISO 3166-1 alpha-2"
    )


class Order(Input):
    model_config = example(ids=[3, 1, 2])

    ids: Ids = Field(description="Every id of the section, each once, in the new order")


class ExperienceCreate(Input):
    model_config = example(company="Analytical Engines", title="Programmer", started_on="1842-10")

    company: Title
    title: Title
    location: Line | None = None
    description: Text | None = Field(None, description="What the company does")
    url: Address | None = None
    started_on: PartialDate | None = None
    ended_on: PartialDate | None = Field(None, description="Left out while it lasts")
    summary: Text | None = None
    highlights: Lines | None = None


class ExperienceUpdate(ExperienceCreate):
    company: Title = ""
    title: Title = ""
    _given = not_null("company", "title")


class EducationCreate(Input):
    model_config = example(institution="At home", area="Mathematics", ended_on="1832")

    institution: Title
    url: Address | None = None
    area: Line | None = None
    degree: Line | None = None
    started_on: PartialDate | None = None
    ended_on: PartialDate | None = None
    score: Line | None = None
    courses: Lines | None = None


class EducationUpdate(EducationCreate):
    institution: Title = ""
    _given = not_null("institution")


class SkillCreate(Input):
    model_config = example(name="Mathematics", level="Master", keywords=["Bernoulli numbers"])

    name: Title
    level: Line | None = None
    keywords: Lines | None = None


class SkillUpdate(SkillCreate):
    name: Title = ""
    _given = not_null("name")


class SocialLinkCreate(Input):
    model_config = example(network="Mastodon", username="ada", url="https://social.example/@ada")

    network: Title
    username: Line | None = None
    url: Address | None = None


class SocialLinkUpdate(SocialLinkCreate):
    network: Title = ""
    _given = not_null("network")


class CertificateCreate(Input):
    model_config = example(name="Instrument pilot", issued_on="2021-06", issuer="EASA")

    name: Title
    issued_on: PartialDate | None = None
    url: Address | None = None
    issuer: Line | None = None


class CertificateUpdate(CertificateCreate):
    name: Title = ""
    _given = not_null("name")


class AwardCreate(Input):
    model_config = example(title="Best paper", awarded_on="2021", awarder="The society")

    title: Title
    awarded_on: PartialDate | None = None
    awarder: Line | None = None
    summary: Text | None = None


class AwardUpdate(AwardCreate):
    title: Title = ""
    _given = not_null("title")


class LanguageCreate(Input):
    model_config = example(language="French", fluency="Fluent")

    language: Title
    fluency: Line | None = None


class LanguageUpdate(LanguageCreate):
    language: Title = ""
    _given = not_null("language")


class SectionRead(Output):
    id: int
    position: int
    created_at: datetime
    updated_at: datetime


class ExperienceRead(SectionRead):
    company: str | None
    title: str | None
    location: str | None
    description: str | None
    url: str | None
    started_on: str | None
    ended_on: str | None
    summary: str | None
    highlights: list[str] | None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def is_current(self) -> bool:
        return not self.ended_on


class EducationRead(SectionRead):
    institution: str | None
    url: str | None
    area: str | None
    degree: str | None
    started_on: str | None
    ended_on: str | None
    score: str | None
    courses: list[str] | None


class SkillRead(SectionRead):
    name: str | None
    level: str | None
    keywords: list[str] | None


class SocialLinkRead(SectionRead):
    network: str | None
    username: str | None
    url: str | None


class CertificateRead(SectionRead):
    name: str | None
    issued_on: str | None
    url: str | None
    issuer: str | None


class AwardRead(SectionRead):
    title: str | None
    awarded_on: str | None
    awarder: str | None
    summary: str | None


class LanguageRead(SectionRead):
    language: str | None
    fluency: str | None


class ProfileRead(Output):
    id: int
    username: str
    name: str | None
    headline: str | None
    image_url: str | None
    email: str | None = Field(description="As the owner publishes it")
    phone: str | None
    website: str | None
    summary_markdown: str | None
    summary_html: str | None
    address: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    country_code: str | None
    experience: list[ExperienceRead]
    education: list[EducationRead]
    skills: list[SkillRead]
    social_links: list[SocialLinkRead]
    certificates: list[CertificateRead]
    awards: list[AwardRead]
    languages: list[LanguageRead]
    images: list[ImageRead] = Field(description="In their order; the cover is the portrait")
    created_at: datetime
    updated_at: datetime


class HomeRead(ProfileRead):
    """The owner's profile with what a home page shows beside it."""

    featured_projects: list[ProjectSummary]
    recent_posts: list[PostSummary]
