"""Comparing addresses the way browsers read them (RFC 3986, WHATWG URL)."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

_PORTS = {"http": 80, "https": 443}
_DOTS = {".", ".."}


class _Parts(NamedTuple):
    origin: tuple[str, str, int]
    path: str


def leads_within(address: str, beginnings: Iterable[str]) -> bool:
    """Whether it is one of these or lies below one, in whole parts of the path.

    False for what different readers could take for different places.
    """
    found = _parts(address)
    if found is None or any(unquote(part) in _DOTS for part in found.path.split("/")):
        return False
    return any(
        known is not None and known.origin == found.origin and _is_below(found.path, known.path)
        for known in map(_parts, beginnings)
    )


def origin_of(address: str) -> str:
    """Scheme, host and port, as a browser says them."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _parts(address: str) -> _Parts | None:
    if "\\" in address or not address.isprintable() or any(map(str.isspace, address)):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    origin = parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port
    return _Parts(origin, parts.path or "/")


def _is_below(path: str, beginning: str) -> bool:
    return path == beginning or path.startswith(beginning.rstrip("/") + "/")
