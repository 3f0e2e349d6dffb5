"""Spans of time as a CV writes them: "July - December 2017", "since 2018", "Spring 2016 & 2017"."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from portfolio.importers import dates

_NOW = {"present", "now", "current", "currently", "today", "ongoing", "date"}
_MONTHS = {
    name: (number, number)
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}
# A winter counts to the year of its January, as universities and weather services count.
_SEASONS = {
    "winter": (1, 2),
    "spring": (3, 5),
    "summer": (6, 8),
    "fall": (9, 11),
    "autumn": (9, 11),
}
_NOISE = {"of", "in", "st", "nd", "rd", "th", "the", "from", "since"}
_UNTIL = re.compile(
    r"\s+-+\s+|\s*[\u2013\u2014\u2192~]\s*|\s*->\s*|\s+(?:to|until|till|through)\s+"
    r"|(?<=[a-z.])-(?=[a-z\d])|(?<=\d)-(?=[a-z])|(?<=\d{4})-(?=\d{4}|\d{1,2}/\d{4})"
)
_OPEN_END = re.compile(r"\s*[-\u2013\u2014]$")
_ASIDE = re.compile(r"\([^)]*\)|\u00b7.*")  # "(6 months)", or what follows a middle dot
_AND = re.compile(r"\s*[&+]\s*|\s+and\s+|(?<=\d{4}),\s*")
_ISO = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
_MONTH_YEAR = re.compile(r"(\d{1,2})[/.](\d{4})")
_SHORT_YEAR = re.compile(r"['\u2019](\d{2})\b")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_YEAR_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Period:
    """`started_on` and `ended_on` are ISO 8601 dates of reduced precision: 2017, 2017-07, 2017-07-01."""

    started_on: str | None = None
    ended_on: str | None = None
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class _Point:
    year: int | None
    months: tuple[int, int] | None = None
    day: int | None = None

    def edge(self, which: int) -> str:
        if self.year is None:
            raise ValueError("a year is missing")
        if self.months is None:
            return f"{self.year:04}"
        month = self.months[which]
        checked = date(self.year, month, self.day or 1)
        return checked.isoformat() if self.day else f"{checked:%Y-%m}"


def read(text: str) -> Period:
    """Raise ValueError when the text cannot be understood as a span of time."""
    text = " ".join(_ASIDE.sub(" ", text.lower()).split())
    text = _OPEN_END.sub(" - present", text)
    first, *others = _UNTIL.split(text)
    if others and others[-1].strip(" .") in _NOW:
        return Period(_point(first).edge(0), is_current=True)
    if not others:
        return _enumerated(text)
    return _between(_point(first), _point(others[-1]))


def _enumerated(text: str) -> Period:
    points = [_point(part) for part in _AND.split(text)]
    first, last = points[0], points[-1]
    if len(points) == 1 and text.startswith(("since ", "from ")):
        return Period(first.edge(0), is_current=True)
    return _between(first, _Point(last.year, last.months or first.months, last.day))


def _between(first: _Point, last: _Point) -> Period:
    if first.year is None and last.year is not None:
        turns = first.months and last.months and first.months > last.months
        first = _Point(last.year - 1 if turns else last.year, first.months, first.day)
    return checked(Period(first.edge(0), last.edge(1)))


def checked(period: Period) -> Period:
    """Raise ValueError for a period that ends before it begins."""
    started, ended = period.started_on, period.ended_on
    if started and ended and ended < started[: len(ended)]:
        raise ValueError(f"{ended} is before {started}")
    return period


def read_edges(start: Any, end: Any) -> Period:
    """From two values of front matter, either of which may be missing; no end means still going on."""
    started = None if start is None else _edge(start, 0)
    if end is None or str(end).strip().lower() in _NOW:
        return Period(started, is_current=started is not None)
    return checked(Period(started, _edge(end, 1)))


def _edge(value: Any, which: int) -> str:
    try:
        return _point(str(value).strip().lower()).edge(which)
    except ValueError:
        return dates.read(value).date().isoformat()


def _point(text: str) -> _Point:
    text = text.strip(" .,")
    if iso := _ISO.fullmatch(text):
        months = (int(iso[2]), int(iso[2])) if iso[2] else None
        return _Point(int(iso[1]), months, int(iso[3]) if iso[3] else None)
    if numbers := _MONTH_YEAR.fullmatch(text):
        return _Point(int(numbers[2]), (int(numbers[1]), int(numbers[1])))
    return _worded(_SHORT_YEAR.sub(r" 20\1", text))


def _worded(text: str) -> _Point:
    year = months = day = None
    for word in _WORD.findall(text):
        if word in _NOISE:
            continue
        if word.isdigit() and len(word) == _YEAR_DIGITS and year is None:
            year = int(word)
        elif word.isdigit() and int(word) in range(1, 32) and day is None:
            day = int(word)
        elif (named := _MONTHS.get(word) or _SEASONS.get(word)) and months is None:
            months = named
        else:
            raise ValueError(f"{word!r} is no part of a date")
    return _Point(year, months, day)
