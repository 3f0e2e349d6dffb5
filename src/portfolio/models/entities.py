"""The kinds of things that others can be attached to."""

from enum import StrEnum

from portfolio.core.errors import InvalidInputException


class EntityType(StrEnum):
    """As in `entity_type` columns and in addresses: /posts/17/images."""

    POSTS = "posts"
    PROJECTS = "projects"
    PROFILES = "profiles"

    @property
    def noun(self) -> str:
        """The word for a single one."""
        return self.value.removesuffix("s")

    @classmethod
    def named(cls, name: str) -> "EntityType":
        """By its value, or by the word for a single one. Raises InvalidInputException."""
        for kind in cls:
            if name in {kind.value, kind.noun}:
                return kind
        raise InvalidInputException.of("entity_type", f"use one of {', '.join(cls)}")


class ReactionTarget(StrEnum):
    """What can be reacted to, as in addresses: /comments/5/reactions."""

    POSTS = EntityType.POSTS.value
    PROJECTS = EntityType.PROJECTS.value
    COMMENTS = "comments"

    @property
    def noun(self) -> str:
        """The word for a single one."""
        return self.value.removesuffix("s")
