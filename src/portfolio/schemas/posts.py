from typing import Annotated

from pydantic import Field

from portfolio.schemas.base import Line, Position, SlugText, Text, Timestamp, Title, examples
from portfolio.schemas.media import ImageRead
from portfolio.schemas.page import ListQuery
from portfolio.schemas.publications import (
    CardRead,
    CloseTime,
    Heading,
    PublicationFields,
    Scope,
    Seo,
    SeriesRef,
    TagNames,
    TagRef,
    not_null,
)
from portfolio.schemas.videos import VideoRead

Names = Annotated[list[Annotated[Line, Field(min_length=1)]], Field(max_length=50)]


class PostCreate(PublicationFields):
    """A title is enough for a draft."""

    model_config = examples(
        {
            "title": "Hello, world",
            "body_markdown": "The **first** post.",
            "tags": ["Notes"],
            "status": "published",
        }
    )

    title: Title
    excerpt: Text | None = Field(None, description="Made from the body if left out")
    tags: TagNames = []
    authors: Names = Field([], description="Who signs it, if not the account that writes it")
    series: Line | None = Field(None, min_length=1, description="Name or slug; made if missing")
    series_position: Position | None = None


class PostUpdate(PostCreate):
    """Only what is given changes."""

    model_config = examples({"title": "Hello again"})

    title: Title = Field(default_factory=str)
    _given = not_null(
        "title",
        "slug",
        "body_markdown",
        "status",
        "featured",
        "comments_enabled",
        "tags",
        "aliases",
        "authors",
        "cover",
    )


class PostQuery(ListQuery):
    tag: SlugText | None = None
    series: SlugText | None = None
    author: Line | None = Field(None, min_length=1, max_length=40, description="User name")
    featured: bool | None = None
    year: int | None = Field(None, ge=1970, le=9998)
    updated_since: Timestamp | None = None
    status: Scope | None = Field(None, description="For admins; strangers see what is published")


class PostSummary(CardRead):
    excerpt: str
    authors: list[str] = Field(description="The names it is signed with")
    tags: list[TagRef]
    series: SeriesRef | None


class PostRead(PostSummary):
    body_markdown: str
    html: str
    toc: list[Heading]
    seo: Seo
    images: list[ImageRead]
    videos: list[VideoRead]
    comments_enabled: bool
    comments_close_at: CloseTime
