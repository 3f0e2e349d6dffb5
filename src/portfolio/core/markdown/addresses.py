"""Where the addresses in a Markdown source stand, and how to put others in their place."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import escape, unescape
from typing import Literal
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkDestination, parseLinkLabel
from markdown_it.rules_inline import StateInline, html_inline, image, link
from markdown_it.token import Token

from portfolio.core.markdown.parsing import author_parser, parse

Kind = Literal["image", "link"]

_LINE_END = re.compile(r"\r\n?|\n")
_HTML_TAG = re.compile(r"<[a-zA-Z](?:\"[^\"]*\"|'[^']*'|[^<>\"'])*>")
_HTML_ATTRIBUTE = re.compile(
    r"\s(?P<name>[^\s\"'<>/=]+)\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+)"
)
_HTML_KINDS: dict[str, Kind] = {"src": "image", "href": "link"}
_NEEDS_PERCENT = re.compile(r"[\s\x00-\x1f\x7f|]")
_NEEDS_BACKSLASH = re.compile(r"[<>()\\]|&(?=#?\w+;)")


@dataclass(frozen=True, slots=True)
class _Address:
    start: int
    end: int
    url: str
    kind: Kind
    html: bool = False

    def written(self, url: str) -> str:
        safe = _NEEDS_PERCENT.sub(lambda match: quote(match[0]), url)
        if self.html:
            return f'"{escape(safe)}"'
        return _NEEDS_BACKSLASH.sub(r"\\\g<0>", safe) or "<>"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of a paragraph's text that stands in the source `shift` characters further on."""

    start: int
    end: int
    shift: int


def image_addresses(source: str) -> list[str]:
    """The addresses of all images, as written, in order; HTML and definitions included.

    Raises InvalidInputException as `render` does.
    """
    return [address.url for address in _find(source) if address.kind == "image"]


def link_addresses(source: str) -> list[str]:
    """The addresses of all links, as written, in order; without <autolinks> and bare ones.

    Raises InvalidInputException as `render` does.
    """
    return [address.url for address in _find(source) if address.kind == "link"]


def rewrite_addresses(source: str, new: Callable[[str], str]) -> str:
    """Put `new(url)` for the address of every image and link, and touch nothing else.

    What cannot be located beyond doubt stays as it is. Raises InvalidInputException as `render`.
    """
    parts: list[str] = []
    done = 0
    for address in _find(source):
        url = new(address.url)
        if url != address.url and address.start >= done:
            parts += (source[done : address.start], address.written(url))
            done = address.end
    return "".join((*parts, source[done:]))


def _with_place(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """An inline rule that notes in its token where it matched, and where its label ends."""

    def placed(state: StateInline, silent: bool) -> bool:
        start, known = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent:
            # Text that was pending comes before the rule's own token.
            token = next(token for token in state.tokens[known:] if token.type != "text")
            token.meta["start"] = start
            if token.type != "html_inline":
                bracket = start + (token.type == "image")
                token.meta["label_end"] = parseLinkLabel(state, bracket, token.type != "image")
        return True

    return placed


def _placing_parser() -> MarkdownIt:
    parser = author_parser()
    parser.options.update({"inline_definitions": True, "store_labels": True})
    for name, rule in (("link", link), ("image", image), ("html_inline", html_inline)):
        parser.inline.ruler.at(name, _with_place(rule))
    return parser


_PARSER = _placing_parser()


def _find(source: str) -> list[_Address]:
    """Every address that can be located, in the order of the source."""
    tokens = parse(_PARSER, source)
    lines = [0, *(match.end() for match in _LINE_END.finditer(source)), len(source)]
    image_labels = {
        child.meta.get("label")
        for token in tokens
        for child in token.children or ()
        if child.type == "image"
    }
    columns: dict[int, int] = {}
    found: list[_Address] = []
    for token in tokens:
        if token.map is None:
            continue
        start, end = lines[token.map[0]], lines[token.map[1]]
        if token.type == "html_block":
            found += _in_html(source[start:end], start)
        elif token.type == "definition":
            kind: Kind = "image" if token.meta["id"] in image_labels else "link"
            found += _in_definition(token, kind, source, (start, end))
        elif token.type == "inline":
            found += _in_text(token, _pieces(source, lines, token, columns))
    return sorted(found, key=lambda address: address.start)


def _in_html(html: str, offset: int) -> Iterator[_Address]:
    if html.lstrip().startswith("<!--"):
        return
    for tag in _HTML_TAG.finditer(html):
        for match in _HTML_ATTRIBUTE.finditer(tag[0]):
            kind = _HTML_KINDS.get(match["name"].lower())
            if kind:
                start, end = (offset + tag.start() + at for at in match.span("value"))
                yield _Address(start, end, unescape(match["value"].strip("\"'")), kind, html=True)


def _in_definition(
    token: Token, kind: Kind, source: str, span: tuple[int, int]
) -> Iterator[_Address]:
    opening = f"[{token.meta['label']}]:"
    at = source.find(opening, *span)
    if at >= 0:
        yield from _destination(source, at + len(opening), token.meta["url"], kind)


def _in_text(token: Token, pieces: list[_Piece]) -> Iterator[_Address]:
    starts = [piece.start for piece in pieces]
    for child in token.children or ():
        for address in _of_child(token.content, child):
            index = bisect_right(starts, address.start) - 1
            if index >= 0 and address.end <= pieces[index].end:
                shift = pieces[index].shift
                yield replace(address, start=address.start + shift, end=address.end + shift)


def _of_child(content: str, child: Token) -> Iterator[_Address]:
    """The addresses of one inline token, at their offsets in the text of the paragraph."""
    if "start" not in child.meta:
        return
    if child.type == "html_inline":
        yield from _in_html(child.content, child.meta["start"])
        return
    opening = child.meta["label_end"] + 1
    # Otherwise a reference, whose address stands in its definition.
    if content.startswith("(", opening):
        kind: Kind = "image" if child.type == "image" else "link"
        url = str(child.attrs["src" if kind == "image" else "href"])
        yield from _destination(content, opening + 1, url, kind)


def _destination(text: str, start: int, url: str, kind: Kind) -> Iterator[_Address]:
    while text[start : start + 1] in {" ", "\t", "\r", "\n"}:
        start += 1
    result = parseLinkDestination(text, start, len(text))
    if result.ok and _PARSER.normalizeLink(result.str) == url:
        yield _Address(start, result.pos, result.str, kind)


def _pieces(source: str, lines: list[int], token: Token, columns: dict[int, int]) -> list[_Piece]:
    """The lines of a paragraph, without their indentation and quotation marks, in the source.

    `columns` remembers how far a source line is used up, for the cells of a table share one.
    """
    pieces: list[_Piece] = []
    start = 0
    for number, line in enumerate(token.content.split("\n"), (token.map or [0])[0]):
        text = line.strip()
        begin = columns.get(number, lines[number])
        at = source.find(text, begin, lines[number + 1])
        if at >= 0:
            columns[number] = at + len(text)
            first = start + line.index(text)
            pieces.append(_Piece(first, first + len(text), at - first))
        start += len(line) + 1
    return pieces
