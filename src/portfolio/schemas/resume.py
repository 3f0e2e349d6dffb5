"""JSON Resume 1.0.0 (https://jsonresume.org/schema): typed where it is, open everywhere.

Dictionaries, so that what was left out stays out and unknown keys pass through untouched.
"""

import re
from math import isfinite
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    with_config,
)
from pydantic_core import InitErrorDetails, PydanticCustomError
from typing_extensions import TypedDict

from portfolio.core.media_links import unsigned

MAX_ENTRIES: Final = 200
MAX_DEPTH: Final = 20
MAX_VALUES: Final = 20_000
_OPEN = ConfigDict(extra="allow")
# Browsers read over white space and control characters in front of and within a scheme.
_SCRIPT = re.compile(r"(javascript|vbscript|data):", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_IGNORED = re.compile(r"[\x00-\x20\x7f]+")


def _no_script(address: str) -> str:
    if _SCRIPT.match(_IGNORED.sub("", address)):
        raise ValueError("must not be an address that runs a script")
    return address


Short = Annotated[str, StringConstraints(max_length=300)]
Long = Annotated[str, StringConstraints(max_length=100_000)]
Link = Annotated[
    str, StringConstraints(max_length=2000), AfterValidator(_no_script), AfterValidator(unsigned)
]
Iso8601 = Annotated[
    str,
    StringConstraints(pattern=r"^[12][0-9]{3}(-[01][0-9](-[0-3][0-9])?)?$"),
    Field(description="As far as known: 2014, 2014-06 or 2014-06-29"),
]
_FEW = Field(max_length=MAX_ENTRIES)
Lines = Annotated[list[Long], _FEW]


@with_config(_OPEN)
class ResumeLocation(TypedDict, total=False):
    address: Long
    postalCode: Short
    city: Short
    countryCode: Annotated[str, StringConstraints(max_length=20)]
    region: Short


@with_config(_OPEN)
class ResumeProfile(TypedDict, total=False):
    network: Short
    username: Short
    url: Link


@with_config(_OPEN)
class ResumeBasics(TypedDict, total=False):
    name: Short
    label: Short
    image: Link
    email: Annotated[str, StringConstraints(max_length=254)]
    phone: Short
    url: Link
    summary: Annotated[Long, AfterValidator(unsigned)]
    location: ResumeLocation
    profiles: Annotated[list[ResumeProfile], _FEW]


@with_config(_OPEN)
class ResumeWork(TypedDict, total=False):
    name: Short
    location: Short
    description: Long
    position: Short
    url: Link
    startDate: Iso8601
    endDate: Iso8601
    summary: Long
    highlights: Lines


@with_config(_OPEN)
class ResumeVolunteer(TypedDict, total=False):
    organization: Long
    position: Long
    url: Link
    startDate: Iso8601
    endDate: Iso8601
    summary: Long
    highlights: Lines


@with_config(_OPEN)
class ResumeEducation(TypedDict, total=False):
    institution: Short
    url: Link
    area: Short
    studyType: Short
    startDate: Iso8601
    endDate: Iso8601
    score: Short
    courses: Lines


@with_config(_OPEN)
class ResumeAward(TypedDict, total=False):
    title: Short
    date: Iso8601
    awarder: Short
    summary: Long


@with_config(_OPEN)
class ResumeCertificate(TypedDict, total=False):
    name: Short
    date: Iso8601
    url: Link
    issuer: Short


@with_config(_OPEN)
class ResumePublication(TypedDict, total=False):
    name: Long
    publisher: Long
    releaseDate: Iso8601
    url: Link
    summary: Long


@with_config(_OPEN)
class ResumeSkill(TypedDict, total=False):
    name: Short
    level: Short
    keywords: Lines


@with_config(_OPEN)
class ResumeLanguage(TypedDict, total=False):
    language: Short
    fluency: Short


@with_config(_OPEN)
class ResumeInterest(TypedDict, total=False):
    name: Long
    keywords: Lines


@with_config(_OPEN)
class ResumeReference(TypedDict, total=False):
    name: Long
    reference: Long


@with_config(_OPEN)
class ResumeProject(TypedDict, total=False):
    name: Long
    description: Long
    highlights: Lines
    keywords: Lines
    startDate: Iso8601
    endDate: Iso8601
    url: Link
    roles: Lines
    entity: Long
    type: Long


@with_config(_OPEN)
class ResumeMeta(TypedDict, total=False):
    canonical: Link
    version: Long
    lastModified: Long


_EXAMPLE: Final[dict[str, Any]] = {
    "basics": {"name": "Ada Lovelace", "label": "Programmer"},
    "work": [{"name": "Analytical Engines", "startDate": "1842-10", "highlights": []}],
}
_SchemaKey = TypedDict("_SchemaKey", {"$schema": Long}, total=False)


@with_config(ConfigDict(extra="allow", json_schema_extra={"examples": [_EXAMPLE]}))
class Resume(_SchemaKey, total=False):
    basics: ResumeBasics
    work: Annotated[list[ResumeWork], _FEW]
    volunteer: Annotated[list[ResumeVolunteer], _FEW]
    education: Annotated[list[ResumeEducation], _FEW]
    awards: Annotated[list[ResumeAward], _FEW]
    certificates: Annotated[list[ResumeCertificate], _FEW]
    publications: Annotated[list[ResumePublication], _FEW]
    skills: Annotated[list[ResumeSkill], _FEW]
    languages: Annotated[list[ResumeLanguage], _FEW]
    interests: Annotated[list[ResumeInterest], _FEW]
    references: Annotated[list[ResumeReference], _FEW]
    projects: Annotated[list[ResumeProject], _FEW]
    meta: ResumeMeta


def _storable(document: Any) -> Any:
    """Refuse, by its path, what could not come back as it went in; the number of values is bounded."""
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    seen = 0
    while pending:
        path, value = pending.pop()
        seen += 1
        if seen > MAX_VALUES:
            raise _refusal(f"must not hold more than {MAX_VALUES} values", ())
        match value:
            case str() if not _is_text(value):
                raise _refusal("must not hold NUL or lone surrogates", path)
            case float() if not isfinite(value):
                raise _refusal("must be a finite number", path)
            case dict() | list() if len(path) >= MAX_DEPTH:
                raise _refusal(f"must not be nested deeper than {MAX_DEPTH} levels", path)
            case dict():
                if not all(isinstance(key, str) and _is_text(key) for key in value):
                    raise _refusal("must not have names with NUL or lone surrogates", path)
                pending += (((*path, key), item) for key, item in value.items())
            case list():
                pending += (((*path, index), item) for index, item in enumerate(value))
    return document


def _is_text(text: str) -> bool:
    return "\0" not in text and (text.isascii() or not _SURROGATE.search(text))


def _refusal(message: str, path: tuple[str | int, ...]) -> ValidationError:
    kind = PydanticCustomError("unstorable", message)
    return ValidationError.from_exception_data(
        "Resume", [InitErrorDetails(type=kind, loc=path, input=None)]
    )


ResumeDocument = Annotated[Resume, BeforeValidator(_storable)]
