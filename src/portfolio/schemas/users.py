import re
from datetime import datetime
from typing import Annotated

import email_validator
from pydantic import AfterValidator, Field, StringConstraints

from portfolio.core.security import MAX_PASSWORD, MIN_PASSWORD
from portfolio.core.text import fold
from portfolio.models.two_factor import Method
from portfolio.models.users import Role
from portfolio.schemas.base import Input, Line, Output, Title, WebAddress, examples
from portfolio.schemas.page import ListQuery
from portfolio.schemas.publications import not_null

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,38}[a-z0-9]", re.ASCII)
MAX_EMAIL = 254

# The library's own way to say which names count: at home there are admin@localhost and me@nas.local.
for _name in ("local", "localhost", "test"):
    email_validator.SPECIAL_USE_DOMAIN_NAMES.remove(_name)


def _email(text: str) -> str:
    checked = email_validator.validate_email(
        fold(text), check_deliverability=False, globally_deliverable=False, strict=True
    )
    return checked.normalized


def _username(text: str) -> str:
    name = fold(text)
    if not USERNAME.fullmatch(name):
        raise ValueError("use 2 to 40 of a-z, 0-9 and . _ - between them")
    if name.isdecimal():
        raise ValueError("must not be a number, which would read as an id")
    return name


Email = Annotated[
    str,
    StringConstraints(min_length=3, max_length=MAX_EMAIL),
    AfterValidator(_email),
    Field(json_schema_extra={"format": "email"}),
]
Username = Annotated[str, StringConstraints(min_length=2, max_length=40), AfterValidator(_username)]
# As typed: spaces at its ends belong to a password.
NewPassword = Annotated[
    str,
    StringConstraints(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD, strip_whitespace=False),
    Field(json_schema_extra={"format": "password"}),
]


class UserCreate(Input):
    email: Email
    username: Username
    password: NewPassword
    display_name: Title | None = Field(None, description="The user name if left out")


class MeUpdate(Input):
    """Only what is given changes."""

    model_config = examples({"display_name": "Ada Lovelace"})

    display_name: Title = ""
    avatar_url: WebAddress | None = None
    _given = not_null("display_name")


class UserUpdate(Input):
    """What an admin may change. Only what is given changes."""

    model_config = examples({"is_active": False})

    role: Role = Role.USER
    is_active: bool = True
    _given = not_null("role", "is_active")


class UserQuery(ListQuery):
    role: Role | None = None
    is_active: bool | None = None
    q: Line | None = Field(
        None, min_length=1, max_length=100, description="Part of user name, e-mail or display name"
    )


class UserPublic(Output):
    """What anyone may know of an account."""

    id: int
    username: str
    display_name: str
    avatar_url: str | None


class Me(UserPublic):
    """What an account may know of itself."""

    email: str
    role: Role
    created_at: datetime
    updated_at: datetime


class UserAdmin(Me):
    """What an admin may know of an account."""

    is_active: bool
    email_verified_at: datetime | None
    two_factor: list[Method] = Field(description="The second factors that it has confirmed")
    locked: bool = Field(description="Refused to unknown browsers after too many failed logins")
    last_login_at: datetime | None
