from pydantic import Field

from portfolio.core.config.group import Group


class CacheSettings(Group):
    max_age: int = Field(
        0,
        ge=0,
        validation_alias="CACHE_MAX_AGE",
        description="Seconds for which browsers and CDNs may keep a public answer unasked",
    )
    stale_while_revalidate: int = Field(
        0,
        ge=0,
        validation_alias="CACHE_STALE_WHILE_REVALIDATE",
        description="Seconds for which they may serve it while asking again",
    )
