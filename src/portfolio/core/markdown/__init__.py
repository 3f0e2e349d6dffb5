"""Markdown to safe HTML: parsed, highlighted, sanitised, for two kinds of writers."""

from portfolio.core.markdown.addresses import image_addresses, link_addresses, rewrite_addresses
from portfolio.core.markdown.parsing import MAX_SOURCE
from portfolio.core.markdown.rendering import (
    RENDER_VERSION,
    Heading,
    Rendered,
    render,
    render_untrusted,
)

__all__ = [
    "MAX_SOURCE",
    "RENDER_VERSION",
    "Heading",
    "Rendered",
    "image_addresses",
    "link_addresses",
    "render",
    "render_untrusted",
    "rewrite_addresses",
]
