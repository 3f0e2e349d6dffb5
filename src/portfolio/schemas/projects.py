from typing import Annotated

from pydantic import Field, StringConstraints

from portfolio.schemas.base import (
    Ids,
    Input,
    Line,
    PartialDate,
    Position,
    SlugText,
    Text,
    Timestamp,
    Title,
    WebAddress,
    examples,
)
from portfolio.schemas.media import ImageRead
from portfolio.schemas.page import ListQuery
from portfolio.schemas.publications import (
    CardRead,
    CloseTime,
    Heading,
    PublicationFields,
    Scope,
    Seo,
    TagNames,
    TagRef,
    not_null,
)
from portfolio.schemas.videos import VideoRead

LinkName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
Links = Annotated[dict[LinkName, WebAddress], Field(max_length=20)]


class ProjectCreate(PublicationFields):
    model_config = examples(
        {
            "title": "A small compiler",
            "technologies": ["Python", "LLVM"],
            "links": {"repository": "https://example.com/compiler"},
            "status": "published",
        }
    )

    title: Title
    summary: Text | None = Field(None, description="Made from the body if left out")
    technologies: TagNames = []
    links: Links = Field({}, description="repository, live, docs … to addresses")
    role: Line | None = None
    client: Line | None = None
    started_on: PartialDate | None = None
    ended_on: PartialDate | None = None
    position: Position | None = Field(None, description="At the end if left out")


class ProjectUpdate(ProjectCreate):
    """Only what is given changes."""

    model_config = examples({"featured": True})

    title: Title = Field(default_factory=str)
    _given = not_null(
        "title",
        "slug",
        "body_markdown",
        "status",
        "featured",
        "comments_enabled",
        "aliases",
        "cover",
        "technologies",
        "links",
        "position",
    )


class ProjectQuery(ListQuery):
    tag: SlugText | None = None
    featured: bool | None = None
    updated_since: Timestamp | None = None
    status: Scope | None = Field(None, description="For admins; strangers see what is published")


class ProjectOrder(Input):
    ids: Ids = Field(description="Projects in their new order; those left out follow")


class ProjectSummary(CardRead):
    summary: str
    technologies: list[TagRef]
    links: dict[str, str]
    role: str | None
    client: str | None
    started_on: str | None
    ended_on: str | None
    position: int


class ProjectRead(ProjectSummary):
    body_markdown: str
    html: str
    toc: list[Heading]
    seo: Seo
    images: list[ImageRead]
    videos: list[VideoRead]
    comments_enabled: bool
    comments_close_at: CloseTime
