"""What every group of settings shares."""

from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE = ".env"


def split(value: Any) -> Any:
    """The parts of a list written with commas."""
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


class Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ENV_FILE, extra="ignore", populate_by_name=True, env_ignore_empty=True, frozen=True
    )
