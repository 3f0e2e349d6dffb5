"""Markdown to safe HTML: parsed, highlighted, sanitised, for two kinds of writers."""

from typing import TYPE_CHECKING

from portfolio.core.lazy import LazyModule
from portfolio.core.markdown.rendered import (
    COMMENT_RENDER_VERSION,
    RENDER_VERSION,
    Heading,
    Rendered,
    RenderedComment,
)

if TYPE_CHECKING:
    from portfolio.core.markdown import rendering
else:
    rendering = LazyModule("portfolio.core.markdown.rendering")

__all__ = [
    "COMMENT_RENDER_VERSION",
    "RENDER_VERSION",
    "Heading",
    "Rendered",
    "RenderedComment",
    "render",
    "render_comment",
]


def render(source: str) -> Rendered:
    """Render an author's Markdown, in which HTML is allowed as far as the allow-list goes.

    Raises InvalidInputException for a text that is too long, nested too deeply or too costly.
    """
    return rendering.render(source)


def render_comment(source: str) -> RenderedComment:
    """Render a visitor's Markdown: text, code, quotations, lists and links, no more.

    Raises InvalidInputException as `render` does.
    """
    return rendering.render_comment(source)
