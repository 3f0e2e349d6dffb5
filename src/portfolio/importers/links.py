"""What front matter points to: the cover picture, and addresses on the web."""

from collections.abc import Iterator
from typing import Any

from portfolio.importers import addresses
from portfolio.importers.fields import Fields, as_name, as_text

_COVERS = (
    "cover",
    "coverImage",
    "featuredImage",
    "featureImage",
    "heroImage",
    "hero",
    "image",
    "images",
    "banner",
    "thumbnail",
    "thumb",
    "header",
)
_COVER_ALTS = (
    "coverAlt",
    "coverImageAlt",
    "featuredImageAlt",
    "featureImageAlt",
    "heroImageAlt",
    "heroAlt",
    "imageAlt",
    "bannerAlt",
    "thumbnailAlt",
)
_COVER_FILES = ("image", "src", "url", "path", "file", "relative", "teaser", "overlayImage")
_LINKS = {
    "repository": ("github", "gitlab", "repository", "repo", "repoUrl", "githubUrl", "sourceCode"),
    "live": ("external", "live", "liveUrl", "website", "homepage", "link", "url"),
    "demo": ("demo", "demoUrl"),
    "ios": ("ios", "appStore"),
    "android": ("android", "playStore", "googlePlay"),
    "docs": ("docs", "documentation", "docsUrl"),
    "article": ("article", "caseStudy"),
    "video": ("video", "youtube"),
    "slides": ("slides",),
    "figma": ("figma",),
    "npm": ("npm",),
    "pypi": ("pypi",),
    "cta": ("cta",),
}
_LINK_NAMES = {name.lower(): link for link, names in _LINKS.items() for name in (link, *names)}


def cover(fields: Fields) -> tuple[str | None, str | None]:
    """The cover's address or path as written, and its alternative text."""
    for _, value in fields.present(*_COVERS):
        first = value[0] if isinstance(value, list) else value
        table = Fields(first) if isinstance(first, dict) else Fields({})
        if picture := as_text(first) or table.text(*_COVER_FILES):
            return picture, table.text("alt", "altText") or fields.text(*_COVER_ALTS)
    return None, None


def links(fields: Fields) -> dict[str, str]:
    """By the names repository, live, demo, ios, android, docs, article …; only what is on the web."""
    found: dict[str, str] = {}
    for name, written, value in _link_candidates(fields):
        host = "gitlab.com" if written.lower().startswith("gitlab") else "github.com"
        short_for = host if name == "repository" else None
        known = addresses.web_address(value, short_for)
        if known is None:
            fields.warn(f"{written}: {value!r} is no web address")
        elif not (name == "cta" and known in found.values()):
            found.setdefault(name, known)
    return found


def _link_candidates(fields: Fields) -> Iterator[tuple[str, str, str]]:
    for link, names in _LINKS.items():
        for written, value in fields.present(*names):
            text = as_text(value)
            if text and (written.lower() != "url" or addresses.web_address(text)):
                yield link, written, text
    for written, url in _listed(fields):
        if text := as_text(url):
            yield _LINK_NAMES.get(written.lower(), written.lower()), written, text


def _listed(fields: Fields) -> Iterator[tuple[str, Any]]:
    """`links` as a table of addresses, or as a list of tables with a name and an address."""
    for _, value in fields.present("links"):
        if isinstance(value, dict):
            yield from ((str(name), url) for name, url in value.items())
        for item in value if isinstance(value, list) else []:
            if isinstance(item, dict) and (name := as_name(item)):
                yield name, Fields(item).text("url", "href", "link")
