"""How the common site generators say one thing, each in its own words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portfolio.importers import addresses, dates
from portfolio.importers.fields import Fields, as_flag, as_text
from portfolio.importers.kinds import TECHNOLOGIES
from portfolio.importers.places import Place

_DATES = (
    "date",
    "publishDate",
    "pubDate",
    "published",
    "publishedAt",
    "publishedOn",
    "publishedDate",
    "publishedTime",
    "datePublished",
    "postDate",
    "created",
    "createdAt",
    "dateCreated",
)
_UPDATED = (
    "updated",
    "lastmod",
    "lastModified",
    "lastModifiedAt",
    "updatedDate",
    "updatedAt",
    "updatedOn",
    "dateUpdated",
    "lastUpdated",
    "modified",
    "modifiedAt",
    "dateModified",
)
_ORDERS = ("weight", "order", "position", "sortOrder")
_NOT_PUBLIC = {"draft", "private", "pending", "unpublished", "hidden"}
_MOST_DIGITS = 3
_ELEVENTY_DATES = {"last modified", "created", "git last modified", "git created"}


@dataclass(frozen=True, slots=True)
class Seo:
    title: str | None
    description: str | None
    image: str | None


def published_at(fields: Fields, place: Place) -> datetime | None:
    """By front matter, else the file's or bundle's name, else the old address, else the folders."""
    if written := _first_date(fields, _DATES):
        return written
    in_name, _ = dates.in_name(place.name)
    own = (dates.in_path(address) for address in addresses.own_addresses(fields))
    return in_name or next(filter(None, own), None) or dates.in_path(place.source)


def updated_at(fields: Fields) -> datetime | None:
    return _first_date(fields, _UPDATED)


def _first_date(fields: Fields, names: tuple[str, ...]) -> datetime | None:
    for name, value in fields.present(*names):
        if _small_number(value) is not None or _is_no_date(value):
            continue
        try:
            moment = dates.read(value)
        except ValueError:
            fields.warn(f"{name}: {value!r} cannot be read as a date with year, month and day")
            continue
        if dates.is_ambiguous(value):
            fields.warn(f"{name}: {value!r} was read month first, as {moment:%Y-%m-%d}")
        return moment
    return None


def _is_no_date(value: Any) -> bool:
    text = str(value).strip().lower()
    return as_flag(value) is not None or text in _ELEVENTY_DATES


def _small_number(value: Any) -> int | None:
    text = as_text(value) or ""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def position(fields: Fields) -> int | None:
    """Its place in an order set by hand: a weight, or a date that is only a small number."""
    for name, value in fields.present(*_ORDERS):
        text = as_text(value) or ""
        if text.removeprefix("-").isdecimal() and len(text) <= 2 * _MOST_DIGITS:
            return int(text)
        if name.lower() != "position":  # which of a job is its title
            fields.warn(f"{name}: {value!r} is no whole number")
    return next((_small_number(value) for _, value in fields.present("date")), None)


def is_draft(fields: Fields, place: Place) -> bool:
    """What its author did not publish, or keeps private, is a draft here."""
    states = {state.lower() for state in fields.texts("status", "visibility")}
    return (
        "_drafts" in place.folders
        or bool(states & _NOT_PUBLIC)
        or True in fields.flags("draft", "isDraft", "private", "hidden")
        or False in fields.flags("published", "isPublished", "publish")
    )


def tags(fields: Fields, place: Place) -> list[str]:
    """Tags, then categories, each once whatever its case; Jekyll parts a line of them by spaces."""
    in_jekyll = bool({"_posts", "_drafts"} & set(place.folders))
    found: dict[str, str] = {}
    for name in ("tags", "tag", "topics", "categories", "category"):
        for tag in _split(fields, name, by_space=in_jekyll and name.endswith("s")):
            found.setdefault(tag.casefold(), tag)
    return list(found.values())


def technologies(fields: Fields) -> list[str]:
    names = (name for name in TECHNOLOGIES if fields.has(name))
    return next((_split(fields, name, by_space=False) for name in names), [])


def _split(fields: Fields, name: str, *, by_space: bool) -> list[str]:
    line = fields.text(name)
    if line is None:
        words = fields.texts(name)
    else:
        words = line.split() if by_space and "," not in line else line.split(",")
    cleaned = (word.strip().removeprefix("#").strip() for word in words)
    return [word for word in cleaned if word]


def authors(fields: Fields) -> list[str]:
    return fields.texts("authors", "author", "byline")


def series(fields: Fields) -> str | None:
    return next(iter(fields.texts("series")), None)


def summary(fields: Fields) -> str | None:
    return fields.text("summary", "excerpt", "description", "subtitle", "abstract", "tagline")


def seo(fields: Fields) -> Seo:
    """What is told to search engines; a description beside a summary is meant for them."""
    group = fields.group("seo", "meta", "og")
    description = fields.text("description")
    return Seo(
        group.text("title", "metaTitle") or fields.text("seoTitle", "metaTitle"),
        group.text("description", "metaDescription")
        or fields.text("seoDescription", "metaDescription")
        or (description if description != summary(fields) else None),
        group.text("image", "ogImage")
        or fields.text("seoImage", "metaImage", "ogImage", "socialImage", "twitterImage"),
    )
