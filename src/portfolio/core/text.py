"""Plain text: slugs, excerpts, reading times, and the folding of names that must be unique."""

import html
import math
import re
import unicodedata

import nh3
from slugify import slugify as transliterate

WORDS_PER_MINUTE = 220
# Chinese and Japanese are read at about twice as many characters a minute as English words.
CJK_PER_WORD = 2

_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_BLOCK_TAG = re.compile(
    r"<(?=/?(?:blockquote|br|dd|div|dt|figcaption|h[1-6]|hr|li|p|pre|section|td|th|tr)\b)"
)
_NO_TEXT = {"script", "style", "template", "title"}
_NO_PROSE = _NO_TEXT | {"h1", "h2", "h3", "h4", "h5", "h6", "pre", "sup", "table"}
_TEXT = nh3.Cleaner(tags=set(), attributes={}, clean_content_tags=_NO_TEXT)
_PROSE = nh3.Cleaner(tags=set(), attributes={}, clean_content_tags=_NO_PROSE)
_EXCERPT_SOURCE = 100_000
_SHORT_LINE = 40


def slugify(text: str, *, max_length: int = 120) -> str:
    """An ASCII address part such as "rust-1-88-0"; empty where no letter or digit is left."""
    text = text[: 8 * max_length]
    text = re.sub(r"(?<=\b[Cc])\+\+", "pp", text)
    text = re.sub(r"(?<=\b[A-Za-z])#(?!\w)", "sharp", text)
    return transliterate(
        text,
        entities=False,
        decimal=False,
        hexadecimal=False,
        max_length=max_length,
        word_boundary=True,
        save_order=True,
        algorithm="modern",
    )


def plain_text(markup: str) -> str:
    """The text of an HTML fragment on one line; text without tags passes unchanged."""
    return _text_of(markup, _TEXT)


def excerpt(html_or_text: str, limit: int = 300) -> str:
    """The first `limit` characters of prose, cut at a word.

    Headings, code, tables and footnote marks are left out where there is prose beside them.
    """
    source = html_or_text[:_EXCERPT_SOURCE].partition('<section class="footnotes">')[0]
    text = _text_of(source, _PROSE) or plain_text(source)
    return _cut(text, limit)


def passage(markup: str, limit: int = 600) -> list[str]:
    """The first `limit` characters of an HTML fragment's text, line by line.

    Short lines count as longer ones, so that there are not too many.
    """
    bare = _TEXT.clean(_BLOCK_TAG.sub("\n<", markup[:_EXCERPT_SOURCE]))
    lines = [" ".join(line.split()) for line in html.unescape(bare).splitlines()]
    found: list[str] = []
    for line in filter(None, lines):
        if limit <= 0:
            return found if found[-1].endswith("…") else [*found, "…"]
        found.append(_cut(line, limit))
        limit -= max(len(line), _SHORT_LINE)
    return found


def reading_time(text: str) -> int:
    """Whole minutes to read a plain text, at least 1."""
    characters = len(_CJK.findall(text))
    words = len(_CJK.sub(" ", text).split()) + characters / CJK_PER_WORD
    return max(1, math.ceil(words / WORDS_PER_MINUTE))


def is_visible(text: str) -> bool:
    """Whether there is a letter, number, sign or picture in it, not only marks and space."""
    return any(unicodedata.category(sign)[0] in "LNPS" for sign in text)


def fold(text: str) -> str:
    """The form under which two spellings of a name or an e-mail address are the same one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    cut = text[:limit]
    # Languages without spaces are cut at a character.
    words = cut.rpartition(" ")[0] or cut[:-1]
    return words.rstrip(" ,;:.-") + "…"


def _text_of(markup: str, cleaner: nh3.Cleaner) -> str:
    bare = cleaner.clean(_BLOCK_TAG.sub(" <", markup))
    return " ".join(html.unescape(bare).split())
