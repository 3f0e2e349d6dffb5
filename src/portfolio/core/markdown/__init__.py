"""Markdown to safe HTML: parsed, highlighted, sanitised, for two kinds of writers."""

from typing import TYPE_CHECKING

from portfolio.core.lazy import LazyModule
from portfolio.core.markdown.rendered import RENDER_VERSION, Heading, Rendered

if TYPE_CHECKING:
    from portfolio.core.markdown import rendering
else:
    rendering = LazyModule("portfolio.core.markdown.rendering")

__all__ = ["RENDER_VERSION", "Heading", "Rendered", "render", "render_untrusted"]


def render(source: str) -> Rendered:
    """Render an author's Markdown, in which HTML is allowed as far as the allow-list goes.

    Raises InvalidInputException for a text that is too long, nested too deeply or too costly.
    """
    return rendering.render(source)


def render_untrusted(source: str) -> str:
    """Render a visitor's Markdown to HTML without images, ids and classes.

    Raises InvalidInputException as `render` does.
    """
    return rendering.render_untrusted(source)
