from typing import Annotated, Any

from pydantic import EmailStr, Field, field_validator
from pydantic_settings import NoDecode

from portfolio.core.config.group import Group, split


class ContactSettings(Group):
    to: EmailStr | None = Field(
        None,
        validation_alias="CONTACT_TO",
        description="Who is mailed what visitors write (default: the first admin)",
    )
    receipt: bool = Field(
        False,
        validation_alias="CONTACT_RECEIPT",
        description="Mail those who wrote that their message has arrived",
    )
    min_seconds: float = Field(
        2,
        ge=0,
        le=60,
        validation_alias="CONTACT_MIN_SECONDS",
        description="What is sent sooner after its form was shown is taken for a program's",
    )
    redirects: Annotated[list[str], NoDecode] = Field(
        [],
        validation_alias="CONTACT_REDIRECTS",
        description="Addresses a plain HTML form may lead on to, or their beginnings "
        "(default: SITE_URL and ALLOWED_ORIGINS)",
    )
    keep_days: int = Field(
        365,
        ge=1,
        le=36_500,
        validation_alias="CONTACT_KEEP_DAYS",
        description="Days after which messages are deleted",
    )

    @field_validator("redirects", mode="before")
    @classmethod
    def _addresses(cls, value: Any) -> Any:
        return split(value)

    @field_validator("redirects")
    @classmethod
    def _whole(cls, value: list[str]) -> list[str]:
        for address in value:
            scheme, _, rest = address.partition("://")
            if scheme not in {"http", "https"} or not rest or "@" in rest or "\\" in rest:
                raise ValueError(f"{address!r} is no address; write it like https://example.com/")
        return value
