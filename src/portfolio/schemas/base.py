"""What all bodies share, and the bounded types that they are made of."""

import unicodedata
from datetime import MAXYEAR, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
)

from portfolio.core.media_links import unsigned
from portfolio.core.text import is_visible, slugify

_HTTP_URL = TypeAdapter(HttpUrl)
BIGINT_MAX = 2**63 - 1
# Control characters, and whatever else some program takes for the end of a line.
_NOT_IN_A_LINE = {"Cc", "Zl", "Zp"}
# What turns the letters after it around (Unicode TR 36, 3.2): a name could pass for another.
_TURNING = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


class Input(BaseModel):
    """A body that we are given: what it does not know is refused, text holds no NUL."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Output(BaseModel):
    """A body that we give, read from the attributes of a model or a projection."""

    model_config = ConfigDict(from_attributes=True)


def examples(*bodies: dict[str, Any]) -> ConfigDict:
    """The `model_config` of a body that the documentation shows filled in."""
    return ConfigDict(json_schema_extra={"examples": list(bodies)})


def example(**fields: Any) -> ConfigDict:
    """examples() with one."""
    return examples(fields)


def _one_line(text: str) -> str:
    if any(ord(character) < ord(" ") for character in text):
        raise ValueError("must be one line without control characters")
    return text


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold NUL characters")
    return text


def _web_address(text: str) -> str:
    # A browser reads a backslash as a slash, and two of them as the start of a host.
    if not text.startswith("/") or text.startswith(("//", "/\\")):
        _HTTP_URL.validate_python(text)
    return text


def _slug(text: str) -> str:
    if text != slugify(text):
        raise ValueError("only a-z, 0-9 and single hyphens between them")
    if text.isdigit():
        raise ValueError("must not be a number, which would read as an id")
    return text


def _partial_date(text: str) -> str:
    datetime.strptime(text + "-01-01"[len(text) - 4 :], "%Y-%m-%d")  # noqa: DTZ007 - a date only
    return text


def _sent_in_one_line(value: Any) -> Any:
    # As it was sent: what is stripped later could have been the end of the line.
    if isinstance(value, str):
        if any(unicodedata.category(s) in _NOT_IN_A_LINE or s in _TURNING for s in value):
            raise ValueError("must be one line without control characters")
        if value.strip() and not is_visible(value):
            raise ValueError("nothing of it would be seen")
    return value


# For what strangers send, and mails and pages show: no program may see a second line in it.
OneLine = BeforeValidator(_sent_in_one_line)
Line = Annotated[str, StringConstraints(max_length=300), AfterValidator(_one_line)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_one_line)]
Text = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_no_nul)]
Markdown = Annotated[
    str,
    StringConstraints(max_length=500_000, strip_whitespace=False),
    AfterValidator(_no_nul),
    # As an editor was given them with a draft: they would be dead within minutes.
    AfterValidator(unsigned),
    Field(json_schema_extra={"format": "markdown"}),
]
SlugText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=120, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
    AfterValidator(_slug),
]
# A full http(s) address, or a path on this site.
WebAddress = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000),
    AfterValidator(_one_line),
    AfterValidator(_web_address),
    AfterValidator(unsigned),
]
PartialDate = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$", max_length=10),
    AfterValidator(_partial_date),
    Field(description="ISO 8601 as far as known: 2021, 2021-06 or 2021-06-30"),
]


def _aware(value: Any) -> Any:
    # Numbers would be read as seconds or milliseconds, whichever fits.
    if isinstance(value, int | float) or (isinstance(value, str) and value[4:5] != "-"):
        raise ValueError("write it like 2026-11-22T10:00:00Z")
    return value


def _in_range(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a time zone, like 2026-11-22T10:00:00Z")
    if not 1 < value.year < MAXYEAR:
        raise ValueError("is out of range")
    return value


Timestamp = Annotated[datetime, BeforeValidator(_aware), AfterValidator(_in_range)]
Position = Annotated[int, Field(ge=0, le=1_000_000)]
Id = Annotated[int, Field(ge=1, le=BIGINT_MAX)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=1000)]
