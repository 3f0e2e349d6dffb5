from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from portfolio.core.config.group import Group, split

MINIMUM_SECRET = 32  # bytes: RFC 7518, 3.2


class SecuritySettings(Group):
    secret_key: SecretStr | None = Field(
        None,
        validation_alias="SECRET_KEY",
        description="Signs tokens; 32 bytes at least (default: made once, kept in DATA_DIR)",
    )
    secret_key_previous: Annotated[list[SecretStr], NoDecode] = Field(
        [],
        validation_alias="SECRET_KEY_PREVIOUS",
        description="Keys that signed tokens still in use, while rotating",
    )
    password_pepper: SecretStr | None = Field(
        None,
        validation_alias="PASSWORD_PEPPER",
        description="Mixed into password hashes; 32 bytes at least (default: made once, kept in DATA_DIR)",
    )
    bcrypt_cost: int = Field(
        12,
        ge=4,
        le=16,
        validation_alias="BCRYPT_COST",
        description="Work of a password hash; 10 at least outside tests",
    )
    password_min_length: int = Field(
        8,
        ge=8,
        le=64,
        validation_alias="PASSWORD_MIN_LENGTH",
        description="Least characters of a new password; NIST recommends 15 where no second factor is used",
    )
    registration: Literal["open", "invite", "closed"] = Field(
        "open",
        validation_alias="REGISTRATION",
        description="Who may make an account: anybody, whoever has an invitation, or nobody",
    )
    access_token_minutes: int = Field(
        15,
        ge=1,
        le=15,
        validation_alias="ACCESS_TOKEN_MINUTES",
        description="Life of an access token",
    )
    admin_email: str | None = Field(
        None,
        validation_alias="ADMIN_EMAIL",
        description="Creates the first admin, once, together with ADMIN_PASSWORD",
    )
    admin_password: SecretStr | None = Field(
        None, validation_alias="ADMIN_PASSWORD", description="Password of that admin"
    )

    @field_validator("secret_key_previous", mode="before")
    @classmethod
    def _keys(cls, value: Any) -> Any:
        return split(value)

    @field_validator("secret_key", "password_pepper")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < MINIMUM_SECRET:
            raise ValueError("needs 32 bytes at least; `openssl rand -hex 32` makes one")
        return value
