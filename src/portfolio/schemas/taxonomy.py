from datetime import datetime

from pydantic import Field

from portfolio.schemas.base import Input, Line, Output, SlugText, Text
from portfolio.schemas.publications import not_null


class GroupCreate(Input):
    """A tag or a series."""

    name: Line = Field(min_length=1, max_length=100)
    slug: SlugText | None = Field(None, description="Made from the name if left out")
    description: Text | None = None


class GroupUpdate(Input):
    name: Line = Field(default_factory=str, min_length=1, max_length=100)
    slug: SlugText = Field(default_factory=str)
    description: Text | None = None
    _given = not_null("name", "slug")


class TagUpdate(GroupUpdate):
    merge_into: SlugText | None = Field(
        None, description="Slug of the tag that takes over everything; this one is gone then"
    )


class GroupRead(Output):
    id: int
    slug: str
    name: str
    description: str | None
    posts_count: int
    projects_count: int
    created_at: datetime
    updated_at: datetime
