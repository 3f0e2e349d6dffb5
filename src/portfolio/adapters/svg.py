"""Whether a text is an SVG drawing, and how large it says it is."""

import re
from contextlib import suppress
from xml.parsers import expat

# CSS 2.1, 4.3.2; what depends on a font or on the page has no size of its own.
_PIXELS = {"": 1, "px": 1, "pt": 4 / 3, "pc": 16, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96}
_LENGTH = re.compile(r"([0-9]{1,7}(?:\.[0-9]*)?|\.[0-9]+)\s*([a-z]*)\Z")
_ROOT = "http://www.w3.org/2000/svg svg"
_BOX = 4


class _RootSeen(Exception):
    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        super().__init__(name)
        self.name = name
        self.attributes = attributes


def _see_root(name: str, attributes: dict[str, str]) -> None:
    raise _RootSeen(name, attributes)


def read_root(content: bytes) -> dict[str, str] | None:
    """The attributes of the root element; None when this is no SVG. Reads no further than that."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = _see_root
    # An encoding that it does not know is a LookupError or a ValueError.
    with suppress(expat.ExpatError, LookupError, ValueError):
        try:
            parser.Parse(content, True)
        except _RootSeen as root:
            return root.attributes if root.name == _ROOT else None
    return None


def size_of(root: dict[str, str]) -> tuple[int | None, int | None]:
    """Width and height in CSS pixels, by `viewBox` where the drawing fills what it is given."""
    size = _pixels(root.get("width", "")), _pixels(root.get("height", ""))
    box = root.get("viewBox", "").replace(",", " ").split()
    if size == (None, None) and len(box) == _BOX:
        size = _pixels(box[2]), _pixels(box[3])
    return size


def _pixels(length: str) -> int | None:
    match = _LENGTH.match(length.strip().lower())
    if match is None or match[2] not in _PIXELS:
        return None
    return round(float(match[1]) * _PIXELS[match[2]]) or None
