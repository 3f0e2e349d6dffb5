"""What posts and projects share on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from portfolio.core.text import fold
from portfolio.models.types import ADDRESS_LENGTH
from portfolio.schemas.base import (
    Id,
    Input,
    Line,
    Markdown,
    Output,
    SlugText,
    Text,
    Timestamp,
    WebAddress,
)
from portfolio.schemas.media import ImageRead

StatusName = Literal["draft", "scheduled", "published", "archived"]
Scope = Literal["draft", "scheduled", "published", "archived", "binned", "any"]


def _short(address: str) -> str:
    if len(fold(address)) > ADDRESS_LENGTH:
        raise ValueError(f"must have {ADDRESS_LENGTH} characters at most, ligatures spelled out")
    return address


TagNames = Annotated[
    list[Annotated[Line, Field(min_length=1, max_length=100)]],
    Field(max_length=50, description="Names or slugs; missing tags are made"),
]
Addresses = Annotated[
    list[Annotated[Line, Field(min_length=1, max_length=ADDRESS_LENGTH), AfterValidator(_short)]],
    Field(max_length=50, description="Old addresses that lead here, as paths"),
]


class SeoInput(Input):
    title: Line | None = None
    description: Text | None = None
    image: WebAddress | None = None


class CoverInput(Input):
    url: WebAddress
    alt: Text | None = None


class PublicationFields(Input):
    """What may be written on create and on change."""

    slug: SlugText | None = None
    body_markdown: Markdown = ""
    status: StatusName = "draft"
    published_at: Timestamp | None = None
    featured: bool = False
    comments_enabled: bool = True
    canonical_url: WebAddress | None = None
    seo: SeoInput | None = None
    aliases: Addresses = []
    cover: CoverInput | None = None

    @model_validator(mode="after")
    def _scheduled_needs_a_time(self) -> Self:
        if self.status == "scheduled" and self.published_at is None:
            raise ValueError("a scheduled status needs published_at")
        return self


def not_null(*names: str) -> Any:
    """A validator that refuses an explicit null where a change may leave the field out."""

    def check(value: Any) -> Any:
        if value is None:
            raise ValueError("must not be null; leave it out to keep it")
        return value

    return field_validator(*names, mode="before")(staticmethod(check))


class Publish(Input):
    publish_at: Timestamp | None = Field(
        None, description="When it becomes public; now if left out, scheduled if in the future"
    )


class PreviewRequest(Input):
    expires_in_hours: int = Field(168, ge=1, le=720)


class PreviewLink(Output):
    token: str = Field(description="For ?preview_token= on the detail")
    expires_at: datetime
    url: str = Field(description="The preview on the API")


CloseTime = Annotated[
    datetime | None,
    Field(description="Until then it may be commented on, if comments_enabled; null: without end"),
]


class AuthorRead(Output):
    id: int
    username: str
    display_name: str
    avatar_url: str | None


class TagRef(Output):
    id: int
    slug: str
    name: str


class SeriesRef(Output):
    id: int
    slug: str
    name: str
    position: int | None


class Counts(Output):
    comments: int
    reactions: int
    views: int


class Seo(Output):
    title: str | None
    description: str | None
    image: str | None


class Heading(Output):
    level: int
    id: str
    text: str


class CardRead(Output):
    id: int
    slug: str
    title: str
    cover: ImageRead | None
    status: StatusName
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = Field(description="When it went to the bin")
    author: AuthorRead
    featured: bool
    canonical_url: str | None
    reading_time: int = Field(description="Minutes")
    counts: Counts
    version: int = Field(description="Rises with each change; the ETag begins with it")


class RevisionRead(Output):
    number: int
    created_at: datetime
    author_id: Id | None
    title: str


class RevisionDetail(RevisionRead):
    snapshot: dict[str, Any]
