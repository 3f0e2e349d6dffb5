"""A folder of Markdown as any common site generator keeps it, read into documents."""

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from portfolio.core.text import slugify
from portfolio.importers import addresses, bodies, careers, dates, front_matter, habits, links
from portfolio.importers.fields import Fields
from portfolio.importers.files import DocumentError, read_text, scan
from portfolio.importers.front_matter import FrontMatter
from portfolio.importers.habits import Seo
from portfolio.importers.kinds import Kind, is_featured, kind_of
from portfolio.importers.places import Place, place_of

__all__ = ["Document", "DocumentError", "Kind", "Seo", "Skipped", "read", "scan"]

_TITLES = ("title", "name", "headline")
_ABOUT_THE_REPOSITORY = frozenset(
    {"changelog", "code_of_conduct", "contributing", "licence", "license", "security"}
)
_EMPTY_LINES = re.compile(r"(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is no document, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One post, project or job; `source` is what it is known by from one import to the next.

    Dates are UTC. `aliases` are its old addresses, without outer slashes, its own first.
    `cover` and the links in `body` are as written; `body` is Markdown without the title, and its
    first line is line `body_line` of the file. `started_on` and `ended_on` are ISO 8601 dates of
    any precision.
    """

    kind: Kind
    source: str
    path: Path
    title: str
    slug: str
    date: datetime | None
    updated: datetime | None
    draft: bool
    featured: bool
    position: int | None
    summary: str | None
    tags: list[str]
    series: str | None
    authors: list[str]
    aliases: list[str]
    cover: str | None
    cover_alt: str | None
    canonical_url: str | None
    seo: Seo
    links: dict[str, str]
    technologies: list[str]
    company: str | None
    role: str | None
    location: str | None
    url: str | None
    started_on: str | None
    ended_on: str | None
    is_current: bool
    range_text: str | None
    highlights: list[str]
    body: str
    body_line: int
    warnings: list[str]


def read(path: Path, root: Path, kind: Kind | None = None) -> Document | Skipped:
    """Raise DocumentError for a file that is unreadable, above 1 MiB, not UTF-8 or broken."""
    try:
        place = place_of(path, root)
        place.source.encode()
    except UnicodeEncodeError as error:
        raise DocumentError(path, "has a name that is not UTF-8") from error
    except (ValueError, OSError, RuntimeError) as error:
        raise DocumentError(path, str(error)) from error
    if path.name.lower().startswith("_index."):
        return Skipped(path, "is the page of a section")
    text = read_text(path)
    try:
        parsed = front_matter.parse(text)
    except front_matter.FrontMatterError as error:
        raise DocumentError(path, error.message, error.line) from error
    fields = Fields(parsed.data)
    reason = _reason_to_skip(path, root, fields, parsed)
    return Skipped(path, reason) if reason else _document(path, place, fields, parsed, kind)


def _reason_to_skip(path: Path, root: Path, fields: Fields, parsed: FrontMatter) -> str | None:
    has_text = bool(parsed.body.strip())
    if not has_text and (target := fields.text("redirectTo", "redirect")):
        return f"only redirects to {target}"
    if not has_text and not fields.has(*_TITLES, *careers.ROLES):
        return "has neither a title nor text of its own" if parsed.data else "is empty"
    if parsed.data or path == root:
        return None
    name = path.stem.lower()
    if name == "readme" and _has_neighbours(path):
        return "describes the folder that it lies in"
    return "is about the repository" if name in _ABOUT_THE_REPOSITORY else None


def _has_neighbours(readme: Path) -> bool:
    others = (path for path in scan(readme.parent) if path != readme)
    return any(path.stem.lower() not in _ABOUT_THE_REPOSITORY for path in others)


def _document(
    path: Path, place: Place, fields: Fields, parsed: FrontMatter, kind: Kind | None
) -> Document:
    kind = kind or kind_of(place.folders, fields)
    is_job = kind == "experience"
    title, body, line = _titled(fields, place, parsed, careers.role(fields) if is_job else None)
    cover, cover_alt = links.cover(fields)
    period, range_text = careers.period(fields)
    url = addresses.web_address(fields.text("url", "website", "companyUrl", "homepage"))
    highlights, rest = careers.highlights(fields, body) if is_job else ([], "")
    date, draft = habits.published_at(fields, place), habits.is_draft(fields, place)
    if kind == "posts" and date is None and not draft:
        fields.warn("no date was found")
    if names := bodies.shortcodes(body, is_mdx=path.suffix.lower() == ".mdx"):
        fields.warn(f"shortcodes are left as text: {', '.join(names)}")
    return Document(
        kind=kind,
        source=place.source,
        path=path,
        title=title,
        slug=_slug(fields, place, title),
        date=date,
        updated=habits.updated_at(fields),
        draft=draft,
        featured=is_featured(place.folders, fields),
        position=habits.position(fields),
        summary=habits.summary(fields) or rest or None,
        tags=habits.tags(fields, place),
        series=habits.series(fields),
        authors=habits.authors(fields),
        aliases=addresses.aliases(fields),
        cover=cover,
        cover_alt=cover_alt,
        canonical_url=addresses.web_address(fields.text("canonicalUrl", "canonical")),
        seo=habits.seo(fields),
        links={name: to for name, to in links.links(fields).items() if not is_job or to != url},
        technologies=habits.technologies(fields),
        company=careers.company(fields),
        role=careers.role(fields) or (title if is_job else None),
        location=fields.text("location", "place", "city"),
        url=url,
        started_on=period.started_on,
        ended_on=period.ended_on,
        is_current=period.is_current,
        range_text=range_text,
        highlights=highlights,
        body=body,
        body_line=line,
        warnings=fields.warnings,
    )


def _titled(
    fields: Fields, place: Place, parsed: FrontMatter, role: str | None
) -> tuple[str, str, int]:
    """The title; the body without the heading that repeats or gives it; the body's first line."""
    body = parsed.body
    title = " ".join((fields.text(*_TITLES) or role or "").split())
    heading = bodies.first_heading(body)
    if heading and (not title or (heading.leads and _same(heading.text, title))):
        title = title or heading.text
        body = bodies.without(body, heading)
    if not title:
        name = dates.in_name(place.name)[1] or place.name
        words = name.replace("-", " ").replace("_", " ").strip() or name
        title = words[:1].upper() + words[1:]
        fields.warn(f"no title was found; the file's name gives {title!r}")
    empty = _EMPTY_LINES.match(body)
    line = parsed.body_line + (empty[0].count("\n") if empty else 0)
    body = body[empty.end() if empty else 0 :].rstrip()
    return title, body and f"{body}\n", line


def _same(one: str, other: str) -> bool:
    return one.split() == other.split() or one.casefold() == other.casefold()


def _slug(fields: Fields, place: Place, title: str) -> str:
    """By a slug, else an old address, else the file's name or title; never empty."""
    written = [fields.text("slug") or "", *addresses.own_addresses(fields)]
    candidates = [addresses.last_segment(address) for address in written]
    candidates += [dates.in_name(place.name)[1] or place.name, title]
    slugs = (slugify(candidate) for candidate in candidates)
    return next(filter(None, slugs), f"{zlib.crc32(place.source.encode()):08x}")
