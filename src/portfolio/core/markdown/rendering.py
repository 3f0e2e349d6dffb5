"""Markdown in, what a page needs out."""

import re
from collections.abc import Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from portfolio.core.markdown.highlighting import fence
from portfolio.core.markdown.parsing import author_parser, parse, visitor_parser
from portfolio.core.markdown.rendered import Heading, Rendered, RenderedComment
from portfolio.core.markdown.sanitising import (
    AUTHOR,
    VISITOR,
    sanitise,
    without_formatting_attributes,
)
from portfolio.core.text import excerpt, plain_text, reading_time, slugify

TOC_LEVELS = (1, 2, 3, 4)

_EXPLICIT_ID = re.compile(r"\s*\{#([A-Za-z0-9_.:-]+)\}\s*$")


def render(source: str) -> Rendered:
    tokens = parse(_AUTHOR_PARSER, source)
    headings = _anchor(tokens)
    html = sanitise(AUTHOR, _AUTHOR_PARSER.renderer.render(tokens, _AUTHOR_PARSER.options, {}))
    return Rendered(
        html=html,
        toc=[heading for heading in headings if heading.text and heading.level in TOC_LEVELS],
        excerpt=excerpt(html),
        reading_time=reading_time(plain_text(html)),
    )


def render_comment(source: str) -> RenderedComment:
    tokens = parse(_VISITOR_PARSER, source)
    links = sum(child.type == "link_open" for token in tokens for child in token.children or ())
    html = sanitise(VISITOR, _VISITOR_PARSER.renderer.render(tokens, _VISITOR_PARSER.options, {}))
    return RenderedComment(html, links)


def _raw_html(_: object, tokens: Sequence[Token], idx: int, *__: object) -> str:
    return without_formatting_attributes(tokens[idx].content)


def _author_parser() -> MarkdownIt:
    parser = author_parser()
    parser.add_render_rule("fence", fence)
    parser.add_render_rule("html_block", _raw_html)
    parser.add_render_rule("html_inline", _raw_html)
    return parser


_AUTHOR_PARSER = _author_parser()
_VISITOR_PARSER = visitor_parser()


def _anchor(tokens: list[Token]) -> list[Heading]:
    """Give every heading an id and a link to itself."""
    headings: list[Heading] = []
    taken: dict[str, int] = {}
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        children = inline.children or []
        wanted = _explicit_id(children)
        text = "".join(c.content for c in children if c.type in {"text", "code_inline"}).strip()
        unique = _unique(slugify(wanted or text) or "section", taken)
        opening.attrSet("id", unique)
        inline.children = [*children, _link_to(unique)]
        headings.append(Heading(int(opening.tag[1]), unique, text))
    return headings


def _explicit_id(children: list[Token]) -> str:
    """Take a trailing {#id} off a heading, as Zola, Hugo and Pandoc write it."""
    last = children[-1] if children else None
    match = _EXPLICIT_ID.search(last.content) if last and last.type == "text" else None
    if last is None or match is None:
        return ""
    last.content = last.content[: match.start()]
    return match[1]


def _unique(slug: str, taken: dict[str, int]) -> str:
    unique, number = slug, taken.get(slug, 0)
    while unique in taken:
        number += 1
        unique = f"{slug}-{number}"
    taken[slug] = number
    taken.setdefault(unique, 0)
    return unique


def _link_to(fragment: str) -> Token:
    # Empty, so that feeds and excerpts show no sign; a style sheet draws one.
    anchor = f'<a class="anchor" href="#{fragment}" aria-hidden="true" tabindex="-1"></a>'
    return Token("html_inline", "", 0, content=anchor)
