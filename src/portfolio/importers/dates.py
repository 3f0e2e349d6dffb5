"""Dates as authors write them, in front matter, in file names and in paths."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from dateutil import parser

_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_NUMBERS = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}\b")
_DAY_FIRST = re.compile(r"\d{1,2}\.\s?\d{1,2}\.\s?\d{4}\b")
_IN_NAME = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[-_ ]+(.*))?")
_IN_PATH = re.compile(r"(?:^|/)(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?=[/_-]|$)")
_MONTHS = 12
_LONGEST = 100
# JavaScript writes "GMT+0100 (CET)", in which dateutil would read the sign as POSIX does.
_JAVASCRIPT_ZONE = re.compile(r"\b(?:GMT|UTC)(?=[+-]\d)|\s*\([^)]*\)$")
# RFC 5322, section 4.3, and the two zones of central Europe that date(1) writes
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_ZONES |= {"CET": 1, "CEST": 2}
# What a missing part is filled from: two days that share no part show that one was missing.
_ONE, _OTHER = datetime(2000, 1, 1), datetime(2001, 2, 2)  # noqa: DTZ001 - the zone is in the text


def read(value: object) -> datetime:
    """A moment in UTC; without a zone, midnight or the hour given is taken as UTC.

    Raises ValueError unless a day, a month and a year of four digits are there.
    """
    try:
        moment = _moment(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value!r} is out of range") from error


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    text = str(value).strip()
    if len(text) > _LONGEST:
        raise ValueError("a text of this length is no date")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _loose(text)


def _loose(text: str) -> datetime:
    if not _YEAR.search(text):
        raise ValueError(f"{text!r} has no year of four digits")
    text = _JAVASCRIPT_ZONE.sub("", text)
    day_first = bool(_DAY_FIRST.match(text))
    one, other = (
        parser.parse(text, default=default, dayfirst=day_first, tzinfos=_zone)
        for default in (_ONE, _OTHER)
    )
    if one != other:
        raise ValueError(f"{text!r} lacks a day or a month")
    return one


def _zone(name: str | None, offset: int | None) -> tzinfo | None:
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name is None:
        return None
    if name not in _ZONES:
        raise ValueError(f"{name} is no time zone known here")
    return timezone(timedelta(hours=_ZONES[name]))


def is_ambiguous(value: object) -> bool:
    """Whether 01/02/2020 could be read in two ways; `read` takes the month first."""
    found = _NUMBERS.match(str(value).strip())
    one, other = (int(found[1]), int(found[2])) if found else (0, 0)
    return one != other and max(one, other) <= _MONTHS


def in_name(name: str) -> tuple[datetime | None, str]:
    """Split `2020-01-02-hello` into its date and the rest; a name without a date is all rest."""
    found = _IN_NAME.fullmatch(name)
    day = found and _day(found[1], found[2], found[3])
    return (day, found[4] or "") if found and day else (None, name)


def in_path(path: str) -> datetime | None:
    """The date in `2020/01/02/hello` or `blog/2020-01-02-hello/index`, if there is one."""
    found = _IN_PATH.search(path)
    return _day(found[1], found[2], found[3]) if found else None


def _day(year: str, month: str, day: str) -> datetime | None:
    try:
        return datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return None
