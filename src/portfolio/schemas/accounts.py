"""Making an account, getting back into it, and changing what opens it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from portfolio.schemas.auth import Password
from portfolio.schemas.base import Input, Output, example
from portfolio.schemas.users import Email, NewPassword, UserCreate

LinkToken = Annotated[
    str, Field(min_length=1, max_length=100, description="From the link in the mail")
]
_EMAIL, _PASSWORD = "ada@example.com", "correct horse battery"
_TOKEN = "l0qBzJh6Yp6kV3m8nR5tXw2cD4fG7aS9eU1iO0pQrTs"  # noqa: S105 - an example


class Registration(UserCreate):
    model_config = example(
        email=_EMAIL, username="ada", password=_PASSWORD, display_name="Ada Lovelace"
    )

    invite: LinkToken | None = Field(None, description="Token of an invitation")


class InvitationUse(UserCreate):
    """A registration as the form of an invitation sends it."""

    token: LinkToken

    def registration(self) -> Registration:
        return Registration(**self.model_dump(exclude={"token"}), invite=self.token)


class Accepted(Output):
    """Says the same whether there is such an account or not."""

    detail: str


class Registered(Accepted):
    verification_required: bool = Field(
        description="Whether a link has to be opened that was sent by mail"
    )


class LinkUse(Input):
    model_config = example(token=_TOKEN)

    token: LinkToken


class EmailAddress(Input):
    model_config = example(email=_EMAIL)

    email: Email


class PasswordReset(Input):
    model_config = example(token=_TOKEN, password=_PASSWORD)

    token: LinkToken
    password: NewPassword


class PasswordChange(Input):
    model_config = example(current_password=_PASSWORD, new_password=f"{_PASSWORD} staple")

    current_password: Password
    new_password: NewPassword


class AccountExport(Output):
    exported_at: datetime
    parts: dict[str, list[dict[str, Any]]] = Field(
        description="What is kept, by its kind: rows as they are stored, but for secrets"
    )
