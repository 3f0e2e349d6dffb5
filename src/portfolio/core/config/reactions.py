from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from portfolio.core.config.group import Group, split

KIND = r"^[a-z][a-z0-9_-]{0,39}$"
KINDS = ("like", "love", "congratulations", "celebrate", "insightful")


class ReactionSettings(Group):
    kinds: Annotated[list[Annotated[str, Field(pattern=KIND)]], NoDecode] = Field(
        [*KINDS],
        min_length=1,
        max_length=20,
        validation_alias="REACTION_KINDS",
        description="What visitors can react with, in the order of their buttons",
    )
    guests: bool = Field(
        True,
        validation_alias="REACTIONS_GUESTS",
        description="Let people without an account react; a signed cookie tells them apart",
    )

    @field_validator("kinds", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        return split(value)

    @field_validator("kinds")
    @classmethod
    def _once_each(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("each kind once")
        return value
