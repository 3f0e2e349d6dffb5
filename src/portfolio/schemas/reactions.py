from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from portfolio.models.entities import ReactionTarget
from portfolio.schemas.base import Id, Input, Output, examples

MAX_TARGETS = 100
Counts = Annotated[
    dict[str, int], Field(description="By kind, in the order of the setting; those of none are 0")
]
Total = Annotated[int, Field(description="Of all kinds, also those that are offered no more")]
Mine = Annotated[list[str], Field(description="The kinds that the caller has given")]


class ReactionsRead(Output):
    counts: Counts
    total: Total
    mine: Mine


class TargetInput(Input):
    type: ReactionTarget
    id: Id | None = None
    ref: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        None, description="An id or a slug, in place of `id`"
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "TargetInput":
        if (self.id is None) == (self.ref is None):
            raise ValueError("name it by its id, or else by its ref")
        return self


class CountsQuery(Input):
    model_config = examples(
        {"targets": [{"type": "posts", "ref": "hello-world"}, {"type": "projects", "id": 4}]}
    )

    targets: list[TargetInput] = Field(min_length=1, max_length=MAX_TARGETS)


class TargetCounts(Output):
    type: ReactionTarget
    id: int | None = Field(description="null where `found` is false")
    slug: str | None
    found: bool = Field(description="Whether there is such a thing, for this caller")
    comments: int = Field(description="Of a comment: the answers to it")
    reactions: Counts
    total: Total
    views: int
    mine: Mine


class CountsRead(Output):
    items: list[TargetCounts] = Field(description="In the order of the targets")
