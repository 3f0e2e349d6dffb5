from datetime import timedelta
from typing import Literal

from pydantic import Field

from portfolio.core.config.group import Group

MAX_LENGTH = 100_000


class CommentSettings(Group):
    moderation: Literal["none", "first", "all"] = Field(
        "first",
        validation_alias="COMMENTS_MODERATION",
        description="Whose comments wait for a moderator: nobody's, of each person the first, or all",
    )
    guests: bool = Field(
        True,
        validation_alias="COMMENTS_GUESTS",
        description="Let people without an account comment; they confirm their mail address",
    )
    max_depth: int = Field(
        4,
        ge=0,
        le=20,
        validation_alias="COMMENTS_MAX_DEPTH",
        description="Levels of answers; deeper ones join the last level",
    )
    max_length: int = Field(
        10_000,
        ge=100,
        le=MAX_LENGTH,
        validation_alias="COMMENTS_MAX_LENGTH",
        description="Characters that a comment may have",
    )
    max_links: int = Field(
        2,
        ge=0,
        le=100,
        validation_alias="COMMENTS_MAX_LINKS",
        description="Links above which a comment waits for a moderator",
    )
    min_seconds: float = Field(
        2,
        ge=0,
        le=60,
        validation_alias="COMMENTS_MIN_SECONDS",
        description="What is sent sooner after its form was shown is taken for a program's",
    )
    edit_minutes: int = Field(
        15,
        ge=0,
        validation_alias="COMMENTS_EDIT_MINUTES",
        description="Minutes for which authors may change what they wrote",
    )
    delete_minutes: int = Field(
        1440,
        ge=0,
        validation_alias="COMMENTS_DELETE_MINUTES",
        description="Minutes for which authors may delete it",
    )
    close_after_days: int = Field(
        0,
        ge=0,
        le=36_500,
        validation_alias="COMMENTS_CLOSE_AFTER_DAYS",
        description="Days after publication when comments close; 0 for never",
    )
    digest_hour: int = Field(
        7,
        ge=0,
        le=23,
        validation_alias="COMMENTS_DIGEST_HOUR",
        description="Hour (UTC) from which daily mails about comments are sent",
    )

    @property
    def closes_after(self) -> timedelta | None:
        return timedelta(days=self.close_after_days) if self.close_after_days else None
