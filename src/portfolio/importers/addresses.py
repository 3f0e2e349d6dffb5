"""Addresses in front matter: the ones a page had before, and the ones it points to."""

import re
from urllib.parse import unquote, urlsplit

from portfolio.importers.fields import Fields

_TEMPLATE = re.compile(r"\{\{|\{%|(?:^|/):\w")
_JEKYLL_STYLES = {"pretty", "date", "ordinal", "weekdate", "none"}
_BARE_HOST = re.compile(r"(www\.|[\w-]+(\.[\w-]+)*\.(com|org|net|io|dev|app)(/|$))", re.IGNORECASE)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_ALIASES = ("aliases", "alias", "redirectFrom", "redirects", "oldUrl", "oldUrls")


def web_address(value: str | None, repositories: str | None = None) -> str | None:
    """An absolute address of http or https; a bare host is given its scheme, all else is None.

    `owner/name` is short for a repository on the host named, if one is.
    """
    text = (value or "").strip()
    if repositories and _REPOSITORY.fullmatch(text) and not _BARE_HOST.match(text):
        text = f"https://{repositories}/{text}"
    elif text.startswith("//"):
        text = f"https:{text}"
    elif _BARE_HOST.match(text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme.lower() in {"http", "https"} and parts.netloc else None


def normalise(address: str) -> str | None:
    """The path alone, percent-decoded, without outer slashes; None for the root or one with `..`."""
    try:
        path = unquote(urlsplit(address.strip()).path)
    except ValueError:
        return None
    segments = [segment for segment in path.split("/") if segment not in {"", "."}]
    return None if ".." in segments else "/".join(segments) or None


def own_addresses(fields: Fields) -> list[str]:
    """Where the page stood by its `path`, `permalink`, `url` or a `slug` with folders in it."""
    found = []
    for name in ("path", "permalink", "url", "slug"):
        text = fields.text(name)
        if text is None or (name == "slug" and "/" not in text.rstrip("/")):
            continue
        if _TEMPLATE.search(text):
            fields.warn(f"{name}: {text!r} is a template; the old address is not known")
        elif text not in _JEKYLL_STYLES and not (name == "url" and web_address(text)):
            found.append(text)
    return found


def aliases(fields: Fields) -> list[str]:
    """Every old address of the page, its own first, each once."""
    normal: dict[str, None] = {}
    for address in [*own_addresses(fields), *fields.texts(*_ALIASES)]:
        if path := normalise(address):
            normal[path] = None
        elif address.strip("/ "):
            fields.warn(f"the old address {address!r} is no path of this site")
    return list(normal)


def last_segment(address: str) -> str:
    """`name` of `/blog/name/`, `/blog/name.html` and `/blog/name/index.html`."""
    path = re.sub(r"(?:(?:^|/)index)?\.html?$", "", normalise(address) or "")
    return path.rsplit("/", 1)[-1]
