from typing import Annotated

from limits import parse_many
from pydantic import AfterValidator, Field

from portfolio.core.config.group import Group

MAX_AMOUNT = 1_000_000_000
MAX_SECONDS = 366 * 86_400
_PREFIX = "RATE_LIMIT_"


def _countable(text: str) -> str:
    try:
        parsed = parse_many(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no limit; write it like 10/minute;60/hour") from error
    if not all(0 < item.amount <= MAX_AMOUNT for item in parsed):
        raise ValueError(f"allow something between 1 and {MAX_AMOUNT}")
    windows = [item.get_expiry() for item in parsed]
    if max(windows) > MAX_SECONDS:
        raise ValueError("a year is the longest window")
    if len(set(windows)) < len(windows):
        raise ValueError("each window once")
    return text


Quota = Annotated[str, AfterValidator(_countable)]


class LimitSettings(Group):
    """How often somebody may do something, in the grammar of the `limits` library."""

    enabled: bool = Field(
        True,
        validation_alias="RATE_LIMIT_ENABLED",
        description="Count requests and refuse too many",
    )
    login: Quota = Field(
        "10/minute;60/hour",
        validation_alias="RATE_LIMIT_LOGIN",
        description="Sign-ins, for each client address",
    )
    registration: Quota = Field(
        "5/hour",
        validation_alias="RATE_LIMIT_REGISTER",
        description="New accounts, for each client address",
    )
    account_mail: Quota = Field(
        "2/hour;5/day",
        validation_alias="RATE_LIMIT_ACCOUNT_MAIL",
        description="Mails that reset or verify, to one mail address",
    )
    account_mail_client: Quota = Field(
        "10/hour",
        validation_alias="RATE_LIMIT_ACCOUNT_MAIL_CLIENT",
        description="The same mails, asked for by one client address",
    )
    two_factor_mail: Quota = Field(
        "3/15 minutes;10/day",
        validation_alias="RATE_LIMIT_TWO_FACTOR_MAIL",
        description="Sign-in codes by mail, for each account",
    )
    comments: Quota = Field(
        "5/minute;60/hour",
        validation_alias="RATE_LIMIT_COMMENTS",
        description="Comments and changes to them, for each account and for the guests of one address",
    )
    reactions: Quota = Field(
        "60/minute",
        validation_alias="RATE_LIMIT_REACTIONS",
        description="Reactions given and taken back, for each person",
    )
    guests: Quota = Field(
        "30/hour",
        validation_alias="RATE_LIMIT_GUESTS",
        description="Guests who react for the first time, for each client address",
    )
    contact: Quota = Field(
        "3/hour",
        validation_alias="RATE_LIMIT_CONTACT",
        description="Messages through the contact form, for each client address",
    )
    uploads: Quota = Field(
        "30/hour",
        validation_alias="RATE_LIMIT_UPLOADS",
        description="Pictures and videos that come as files, for each account",
    )
    writes: Quota = Field(
        "300/minute",
        validation_alias="RATE_LIMIT_WRITES",
        description="All that is no read, for each client address",
    )
    reads: Quota = Field(
        "6000/minute",
        validation_alias="RATE_LIMIT_READS",
        description="Reads, for each client address: a front end that renders speaks for many",
    )
    api_token: Quota = Field(
        "6000/minute",
        validation_alias="RATE_LIMIT_API_TOKEN",
        description="Requests with one API token, in place of those two",
    )

    @property
    def quotas(self) -> dict[str, str]:
        """Each limit by its name: the end of its variable, in lower case."""
        return {
            alias.removeprefix(_PREFIX).lower(): getattr(self, field)
            for field, info in LimitSettings.model_fields.items()
            if isinstance(alias := info.validation_alias, str) and field != "enabled"
        }
