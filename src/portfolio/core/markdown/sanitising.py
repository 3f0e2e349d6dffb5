"""What HTML may leave the house: an allow-list for authors and a shorter one for visitors."""

import re
from collections import Counter

import nh3

from portfolio.core.errors import InvalidInputException

MAX_DEPTH = 200
# Misnested tags are put right in one pass or two; the last pass sees that nothing changed.
MAX_PASSES = 5


def _words(text: str) -> set[str]:
    return set(text.split())


_VISITOR_TAGS = _words("a blockquote br code em li ol p pre strong ul")
_AUTHOR_TAGS = _VISITOR_TAGS | _words("""
    abbr aside b caption cite col colgroup dd del details dfn div dl dt figcaption figure h1 h2 h3
    h4 h5 h6 hr i img input ins kbd mark progress q rp rt ruby s samp section small span sub summary
    sup table tbody td tfoot th thead time tr u var wbr
""")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_VISITOR_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_AUTHOR_ATTRIBUTES = {
    "a": {"class", "href", "id", "name", "title"},
    "abbr": {"title"},
    "details": {"open"},
    "img": {"alt", "class", "height", "src", "title", "width"},
    "input": {"checked", "class"},
    "li": {"class", "id", "value"},
    "ol": {"class", "reversed", "start"},
    "progress": {"max", "value"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    **{tag: {"class"} for tag in _words("code div figure p pre section span sup table ul")},
    **{tag: {"id"} for tag in _HEADINGS},
}
_ALIGN = {"align": {"left", "center", "right"}}
_AUTHOR_VALUES = {
    # What the link beside a heading carries.
    "a": {"aria-hidden": {"true"}, "tabindex": {"-1"}},
    **dict.fromkeys(("div", "img", "p", "td", "th", *_HEADINGS), _ALIGN),
}
_FORCED = {
    "img": {"loading": "lazy"},
    # The one control: the box of a task list, which nobody can fill in.
    "input": {"type": "checkbox", "disabled": ""},
}
_SCHEMES = {"http", "https", "mailto"}
# Removed with what they hold; of all other refused elements the text stays.
_NO_CONTENT = _words("""
    iframe math noembed noframes noscript object script style svg template title
""")
_FOOTNOTE_ID = re.compile(r"fn(ref)?(:\d+){1,2}")
_HEADING_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _own_ids(tag: str, attribute: str, value: str) -> str | None:
    """Keep an id only where it cannot shadow what a page's scripts look up by name.

    A heading has no address or value for a script to trip over, and its id is a slug; links and
    list items, which have, only carry the ids of footnotes, no identifier of any script.
    """
    if attribute != "id":
        return value
    return value if (_HEADING_ID if tag in _HEADINGS else _FOOTNOTE_ID).fullmatch(value) else None


AUTHOR = nh3.Cleaner(
    tags=_AUTHOR_TAGS,
    attributes=_AUTHOR_ATTRIBUTES,
    tag_attribute_values=_AUTHOR_VALUES,
    set_tag_attribute_values=_FORCED,
    attribute_filter=_own_ids,
    clean_content_tags=_NO_CONTENT,
    url_schemes=_SCHEMES,
    link_rel="noopener",
)
VISITOR = nh3.Cleaner(
    tags=_VISITOR_TAGS,
    attributes=_VISITOR_ATTRIBUTES,
    clean_content_tags=_NO_CONTENT,
    url_schemes=_SCHEMES,
    # A path says nothing where a comment is read in a mail, and on a site it is what to click on.
    url_relative="deny",
    link_rel="nofollow ugc noopener",
)

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# No end tag is needed, so an open one says nothing about depth.
_SELF_CLOSING = _words("""
    area base br col dd dt embed hr img input li link meta option p param rp rt source tbody td
    tfoot th thead tr track wbr
""")
_FORMATTING = re.compile(
    r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/][^>]*>?", re.IGNORECASE
)
# A parser drops the first line break in <pre>: kept, each pass over the text would lose one more.
_PRE_BREAKS = re.compile(r'(<pre(?: class="[^"]*")?>)\n+')


def sanitise(cleaner: nh3.Cleaner, html: str) -> str:
    """The allowed part of an HTML fragment, which every parser reads alike.

    Raises InvalidInputException for a tower of tags, and for a knot that cleaning does not untie.
    """
    _refuse_towers(html)
    for _ in range(MAX_PASSES):
        before, html = html, _PRE_BREAKS.sub(r"\1", cleaner.clean(html))
        if html == before:
            return html
    raise InvalidInputException("HTML elements are wrongly nested.")


def without_formatting_attributes(html: str) -> str:
    """Take the attributes off an author's <b>, <code>, <font> ….

    HTML reopens every formatting element left open in each later paragraph, unless there are
    three alike: with attributes, 30 KB of text become 30 MB and a gigabyte of memory.
    """
    return _FORMATTING.sub(r"<\1>", html)


def _refuse_towers(html: str) -> None:
    """Parsing HTML takes the square of its depth."""
    open_tags = Counter[str]()
    depth = 0
    for closing, tag in _TAG.findall(html):
        name = tag.lower()
        if name in _SELF_CLOSING:
            continue
        if not closing:
            open_tags[name] += 1
            depth += 1
        elif open_tags[name]:
            open_tags[name] -= 1
            depth -= 1
        if depth > MAX_DEPTH:
            raise InvalidInputException("HTML elements are nested too deeply, or left open.")
