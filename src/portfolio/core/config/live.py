from pydantic import Field

from portfolio.core.config.group import Group


class LiveSettings(Group):
    """Of WebSockets and event streams."""

    per_user: int = Field(
        5,
        ge=1,
        validation_alias="LIVE_PER_USER",
        description="Live connections that one account may have open",
    )
    per_client: int = Field(
        20,
        ge=1,
        validation_alias="LIVE_PER_CLIENT",
        description="Live connections that one client address may have open",
    )
    per_minute: int = Field(
        100,
        ge=1,
        validation_alias="LIVE_MESSAGES_PER_MINUTE",
        description="Messages that one WebSocket may send in a minute",
    )
