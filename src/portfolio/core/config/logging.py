from typing import Literal

from pydantic import Field

from portfolio.core.config.group import Group


class LoggingSettings(Group):
    format: Literal["auto", "json", "console"] = Field(
        "auto",
        validation_alias="LOG_FORMAT",
        description="`json` lines, or `console` for people (default: console on a terminal)",
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", validation_alias="LOG_LEVEL", description="Least severity that is logged"
    )
