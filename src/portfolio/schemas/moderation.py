from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from portfolio.models.comments import CommentStatus
from portfolio.models.entities import EntityType
from portfolio.schemas.base import Id, Input, Output, Text, example
from portfolio.schemas.comments import CommentRead
from portfolio.schemas.page import ListQuery
from portfolio.schemas.spam import Reasons

MOST = 100


class ModerationQuery(ListQuery):
    """What waits, unless `status` says otherwise."""

    status: Literal["pending", "approved", "rejected", "spam"] = "pending"
    target: Literal["posts", "projects"] | None = Field(None, description="On one of these")
    ref: str | None = Field(
        None, min_length=1, max_length=200, description="On this one; an id or a slug"
    )
    reported: bool | None = Field(None, description="Whether readers have reported it")

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if self.ref is not None and self.target is None:
            raise ValueError("ref needs target: posts or projects")
        return self


class ModerationAction(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    SPAM = "spam"
    DELETE = "delete"


class Moderation(Input):
    model_config = example(ids=[17, 18], action="approve")

    ids: Annotated[list[Id], Field(min_length=1, max_length=MOST)]
    action: ModerationAction = Field(
        description="`approve` and `spam` also teach the filter; `delete` is for good"
    )


class ModerationRead(Output):
    """What became of each comment, by id."""

    changed: list[int]
    unchanged: list[int] = Field(description="They were like this before")
    missing: list[int] = Field(description="There are no such comments")


class ReportCreate(Input):
    model_config = example(reason="It insults somebody.")

    reason: Annotated[Text, StringConstraints(max_length=1000)] | None = None


class ReportRead(Output):
    reason: str | None
    created_at: datetime


class SubjectRead(Output):
    type: EntityType
    id: int
    slug: str
    title: str


class CommentAdmin(CommentRead):
    """A comment with what only moderators know. `replies` is always empty."""

    status: CommentStatus
    email: str | None = Field(description="Of a guest")
    confirmed: bool = Field(description="Whether the writer proved that the address is theirs")
    client: str | None = Field(description="From where it came; forgotten after a while")
    agent: str | None
    reasons: Reasons
    spam_score: float | None = Field(
        description="From 0 to 1: what the filter made of its words; null where it knew too little"
    )
    reports_count: int = Field(description="Since a moderator last approved it")
    reports: list[ReportRead] = Field(description="The last 20 of them, the newest first")
    entity: SubjectRead
