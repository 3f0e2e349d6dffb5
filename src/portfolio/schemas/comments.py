from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
)

from portfolio.core.config.comments import MAX_LENGTH
from portfolio.core.media_links import unsigned
from portfolio.models.comments import CommentStatus
from portfolio.models.entities import EntityType
from portfolio.schemas.base import Id, Input, OneLine, Output, Timestamp, example
from portfolio.schemas.page import ListQuery, PageRead
from portfolio.schemas.publications import not_null
from portfolio.schemas.users import Email

_HTTP = TypeAdapter(HttpUrl)


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold NUL characters")
    return text


def _with_host(text: str) -> str:
    _HTTP.validate_python(text)
    return text


Body = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_LENGTH),
    AfterValidator(_no_nul),
    AfterValidator(unsigned),
    Field(
        description="Markdown: paragraphs, emphasis, code, quotations, lists and links. "
        "As long as COMMENTS_MAX_LENGTH says"
    ),
]
Name = Annotated[str, OneLine, StringConstraints(min_length=1, max_length=100)]
Website = Annotated[
    str,
    OneLine,
    StringConstraints(min_length=1, max_length=2000),
    AfterValidator(_with_host),
    Field(json_schema_extra={"format": "uri"}),
]


class CommentCreate(Input):
    """`name`, `email` and `website` are for who is not signed in, and then the first two needed."""

    model_config = example(
        body="Well said. *Especially* the part about boats.",
        name="Ada Lovelace",
        email="ada@example.com",
    )

    body: Body
    parent_id: Id | None = Field(None, description="What it answers")
    name: Name | None = None
    email: Annotated[Email | None, OneLine] = Field(None, description="Never shown")
    website: Website | None = None
    subtitle: str = Field(
        "", max_length=2000, description="Leave it empty, in a field that people do not see"
    )
    shown_at: Timestamp | None = Field(None, description="When the form was shown")


class CommentUpdate(Input):
    """Only what is given changes."""

    model_config = example(body="Well said. Especially the part about *ships*.")

    body: Body = ""
    status: Literal["approved", "rejected", "spam"] | None = Field(
        None, description="For moderators, who decide"
    )
    _given = not_null("body", "status")


class ConfirmationUse(Input):
    model_config = example(token="eyJhbGciOi…")  # noqa: S106 - an example

    token: str = Field(min_length=1, max_length=1000, description="From the link in the mail")


class CommentQuery(ListQuery):
    parent_id: Id | None = Field(
        None, description="The answers to this one in the place of what is at the top"
    )


class CommentAuthor(Output):
    """An account, or a guest under a name that anybody can give."""

    id: int | None
    username: str | None
    name: str
    avatar_url: str | None
    website: str | None
    is_guest: bool
    is_admin: bool


class CommentRead(Output):
    id: int
    entity_type: EntityType
    entity_id: int
    parent_id: int | None
    thread_id: int | None = Field(description="The one at the top; null for that one itself")
    depth: int = Field(description="0 at the top")
    body: str = Field(description="Markdown, as it was written; empty where its words are gone")
    html: str
    author: CommentAuthor | None
    status: CommentStatus = Field(description="What is not approved, only its writer sees")
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None
    deleted: bool = Field(description="Its words are gone; it holds its answers together")
    replies_count: int = Field(
        description="Direct answers. Where `replies` has fewer, ask for the others by ?parent_id="
    )
    reactions: dict[str, int] = Field(description="How many of each kind")
    version: int
    can_edit_until: datetime | None = Field(description="Told to its writer alone")
    can_delete_until: datetime | None = Field(description="Told to its writer alone")
    replies: "list[CommentRead]"


class CommentWritten(CommentRead):
    detail: str | None = Field(description="What it waits for; null if everybody sees it now")


class CommentList(PageRead[CommentRead]):
    """`total` counts what is listed; its answers stand in each."""

    comments_count: int = Field(description="All that are shown, answers included")


class Confirmed(Output):
    """What became of a comment whose writer has confirmed the address."""

    id: int
    entity_type: EntityType
    entity_id: int
    status: CommentStatus
    detail: str
