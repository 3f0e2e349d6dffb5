from datetime import datetime

from pydantic import Field

from portfolio.schemas.base import Output


class SessionRead(Output):
    id: int
    device: str = Field(description="A guess: browser and system", examples=["Firefox on Linux"])
    address: str = Field(description="Where the login came from")
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool = Field(description="The one that asks")
