from pydantic import Field

from portfolio.core.config.group import Group


class CacheSettings(Group):
    enabled: bool = Field(
        True,
        validation_alias="CACHE_ENABLED",
        description="Keep answers for strangers ready until what they show changes",
    )
    max_mb: int = Field(
        32,
        ge=1,
        le=65_536,
        validation_alias="CACHE_MAX_MB",
        description="Megabytes of them in each worker; those least recently used make room",
    )
    ttl: int = Field(
        300,
        ge=1,
        le=86_400,
        validation_alias="CACHE_TTL",
        description="Seconds after which one is made anew in any case",
    )
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
