from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from portfolio.core.security import MAX_PASSWORD
from portfolio.models.two_factor import Method
from portfolio.schemas.base import Input, Line, Output, examples
from portfolio.schemas.users import MAX_EMAIL, Me, UserCreate

Identifier = Annotated[Line, Field(min_length=1, max_length=MAX_EMAIL)]
Password = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_PASSWORD, strip_whitespace=False),
    Field(json_schema_extra={"format": "password"}),
]


class Credentials(Input):
    model_config = examples({"identifier": "ada@example.com", "password": "correct horse battery"})

    identifier: Identifier = Field(description="E-mail or user name")
    password: Password


class PasswordGrant(BaseModel):
    """The form of RFC 6749, 4.3.2, which has unknown fields ignored."""

    grant_type: Literal["password"] = "password"
    username: Identifier = Field(description="E-mail or user name")
    password: Password


class SetupClaim(UserCreate):
    token: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="From the link that the server printed at its first start"
    )


class RefreshToken(Input):
    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class TwoFactorChallenge(Output):
    """The password was right; POST /auth/2fa/verify with a code completes the login."""

    two_factor_required: Literal[True] = True
    challenge_token: str = Field(description="Good for this login only, for ten minutes")
    methods: list[Method]


class Tokens(Output):
    access_token: str = Field(description="For `Authorization: Bearer …`")
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of the scheme
    expires_in: int = Field(description="Seconds that the access token lives")
    user: Me
