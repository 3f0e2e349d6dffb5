"""What comes of Markdown."""

from dataclasses import dataclass

# Raise it when the rules change: stored HTML of an older version is rendered again.
RENDER_VERSION = 2
COMMENT_RENDER_VERSION = 1


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of the table of contents; `id` is the fragment of its address."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML and what lists show of it; `reading_time` is in minutes."""

    html: str
    toc: list[Heading]
    excerpt: str
    reading_time: int


@dataclass(frozen=True, slots=True)
class RenderedComment:
    """Safe HTML, and how many links it has."""

    html: str
    links: int
