"""The two parsers, and what bounds their work."""

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import isLinkClose, isLinkOpen
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref

from portfolio.core.errors import InvalidInputException

MAX_SOURCE = 500_000
# Half a second of work. A real post of 100 KB takes 10,000 steps at most, one of brackets 200,000.
MAX_STEPS = 40_000
MAX_NESTING = 20

_OPTIONS = {"maxNesting": MAX_NESTING, "xhtmlOut": False}
_NOT_FOR_VISITORS = ["heading", "hr", "image", "lheading", "strikethrough", "table"]
_FOOTNOTE = re.compile(r"\[\^[^\s\]]{1,100}\]")
_BARE_URL = re.compile(
    r"(?<![\w/@.-])https?://[^\s<>\"`]*[^\s<>\"`.,:;!?'*_~()\[\]{}|]", re.IGNORECASE
)


def author_parser() -> MarkdownIt:
    """CommonMark with raw HTML, GitHub's extensions, footnotes and definition lists."""
    parser = _parser(html=True, tasklists=True)
    parser.use(deflist_plugin).use(footnote_plugin, inline=False)
    parser.inline.ruler.at("footnote_ref", _footnote_ref)
    parser.add_render_rule("footnote_anchor_name", _footnote_name)
    parser.add_render_rule("footnote_caption", _footnote_caption)
    return parser


def visitor_parser() -> MarkdownIt:
    """Paragraphs, emphasis, code, quotations, lists and links; line breaks stay.

    What else CommonMark knows is text, and an image a link to it.
    """
    return _parser(html=False, breaks=True).disable(_NOT_FOR_VISITORS)


def parse(parser: MarkdownIt, source: str) -> list[Token]:
    """Parse within the limits. Raises InvalidInputException beyond them."""
    if len(source) > MAX_SOURCE:
        raise InvalidInputException(f"The text is longer than {MAX_SOURCE:,} characters.")
    try:
        source.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputException("The text holds half of a surrogate pair.") from error
    tokens = parser.parse(source)
    # Beyond its limit the parser would drop the text without a word.
    if any(token.level >= MAX_NESTING - 1 for token in tokens if token.nesting == 1):
        raise InvalidInputException("Lists or quotations are nested too deeply.")
    return tokens


def _parser(**options: Any) -> MarkdownIt:
    parser = MarkdownIt("commonmark", _OPTIONS | options).enable(["table", "strikethrough"])
    parser.block.ruler.before(
        "table", "steps", _count_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.before("text", "steps", _count_inline)
    parser.core.ruler.push("bare_links", _link_bare_addresses)
    parser.core.ruler.push("alignment", _align_cells)
    return parser


def _spend(env: MutableMapping[str, Any], steps: int) -> None:
    """Floods are refused by the work they make, whatever they look like."""
    env["steps"] = env.get("steps", 0) + steps
    if env["steps"] > MAX_STEPS:
        raise InvalidInputException("The text has too much markup to be rendered.")


# Two rules that match nothing and stand first, so that they are asked at every step.
def _count_inline(state: StateInline, _: bool) -> bool:
    _spend(state.env, 1)
    return False


def _count_block(state: StateBlock, _: int, __: int, silent: bool) -> bool:
    _spend(state.env, 1 if silent else 2)
    return False


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    before = len(state.tokens)
    matched = table(state, start, end, silent)
    # Rows are filled up with empty cells, which cost their writer nothing.
    _spend(state.env, (len(state.tokens) - before) // 3)
    return matched


def _footnote_ref(state: StateInline, silent: bool) -> bool:
    # The plugin looks for the end of a label as far as the text goes: quadratic on a flood of [^.
    return bool(_FOOTNOTE.match(state.src, state.pos)) and footnote_ref(state, silent)


def _footnote_name(_: object, tokens: list[Token], idx: int, *__: object) -> str:
    # A colon is in no heading's slug, so the two kinds of ids cannot meet.
    return f":{tokens[idx].meta['id'] + 1}"


def _footnote_caption(_: object, tokens: list[Token], idx: int, *__: object) -> str:
    return f"[{tokens[idx].meta['id'] + 1}]"


def _align_cells(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in {"th_open", "td_open"} and "style" in token.attrs:
            token.attrs = {"align": str(token.attrs["style"]).removeprefix("text-align:")}


def _link_bare_addresses(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and "://" in token.content:
            token.children = list(_with_links(state.md, token.children or []))


def _with_links(parser: MarkdownIt, tokens: list[Token]) -> Iterator[Token]:
    inside = 0
    for token in tokens:
        if token.type == "html_inline":
            inside += isLinkOpen(token.content) - isLinkClose(token.content)
        elif token.tag == "a":
            inside += token.nesting
        if token.type == "text" and not inside:
            yield from _split(parser, token.content)
        else:
            yield token


def _split(parser: MarkdownIt, text: str) -> Iterator[Token]:
    done = 0
    for match in _BARE_URL.finditer(text):
        start, end = match.span()
        if text[end : end + 1] == ")" and match[0].count("(") > match[0].count(")"):
            end += 1
        href = parser.normalizeLink(text[start:end])
        yield Token("text", "", 0, content=text[done:start])
        yield Token("link_open", "a", 1, attrs={"href": href}, info="auto")
        yield Token("text", "", 0, content=text[start:end])
        yield Token("link_close", "a", -1, info="auto")
        done = end
    yield Token("text", "", 0, content=text[done:])
