import re
from importlib.util import find_spec

from pydantic import Field, field_validator

from portfolio.core.config.group import Group

_ADDRESS = re.compile(r"(?:rediss?|unix)://\S+")


class RedisSettings(Group):
    url: str | None = Field(
        None,
        # With a password in it: `portfolio settings` masks that, repr() would not.
        repr=False,
        validation_alias="REDIS_URL",
        description="redis://…, rediss://… or unix://…, shared by all hosts (default: none)",
    )

    @field_validator("url")
    @classmethod
    def _usable(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not _ADDRESS.fullmatch(value):
            raise ValueError("write it like redis://localhost:6379/0")
        if find_spec("redis") is None:
            raise ValueError("needs the redis client: pip install 'portfolio-backend[redis]'")
        return value
