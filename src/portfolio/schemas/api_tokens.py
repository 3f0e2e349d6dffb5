from datetime import datetime
from typing import Annotated

from pydantic import Field

from portfolio.models.credentials import Scope
from portfolio.schemas.base import Input, Output, Timestamp, Title, examples


class ApiTokenCreate(Input):
    model_config = examples({"name": "Build of the site", "scopes": ["content:read"]})

    name: Title
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    expires_at: Timestamp | None = Field(None, description="Never if left out")


class ApiTokenRead(Output):
    id: int
    name: str
    hint: str = Field(description="The last four characters of the token")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute")
    expired: bool


class ApiTokenIssued(ApiTokenRead):
    token: str = Field(description="Shown only now")
