from datetime import datetime

from pydantic import Field

from portfolio.models.users import Role
from portfolio.schemas.base import Input, Output, Timestamp, examples
from portfolio.schemas.users import Email


class InviteCreate(Input):
    model_config = examples({"email": "ada@example.com"})

    email: Email | None = Field(
        None, description="Where it is sent; whoever registers with that address has proven it"
    )
    role: Role = Role.USER
    expires_at: Timestamp | None = Field(
        None, description="In 7 days if left out; 30 days from now at most"
    )


class InviteRead(Output):
    token: str = Field(description="Shown only now; works once")
    url: str = Field(description="The link with the token in it")
    email: str | None
    role: Role
    expires_at: datetime
    mailed: bool = Field(description="Whether the link was sent to `email`")
