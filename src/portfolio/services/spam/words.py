"""What texts can be told apart by: their words, where they link to, and who wrote them."""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import pairwise

from portfolio.core.text import fold
from portfolio.models.spam import WORD_LENGTH

# Of longer texts both ends are looked at, so that none costs more.
LONGEST_TEXT, LONGEST_WORD = 20_000, 40
MOST_WORDS, MOST_HOSTS, MOST_NAMES = 250, 30, 20

# Soft hyphens, zero-width and direction marks: nobody sees them, and they take words apart.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+")
_HOST = re.compile(r"(?:https?://|\bwww\.)(?:[^\s/?#@\\]{0,100}@)?([^\s/?#@\\:()<>\"'\[\]]{1,253})")
# Thai and Lao, Burmese, Khmer, kana, Chinese: they put no space between words.
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f"
)
_BETWEEN = r"\s!-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u2060\u3000-\u303f"
_WORD = re.compile(f"([{_SPACELESS}]+)|[^{_BETWEEN}{_SPACELESS}]+")


def words_of(
    text: str, *, name: str = "", website: str | None = None, email: str | None = None
) -> list[str]:
    """As they are stored, each once, in order; a few hundred, however long the text is."""
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT // 2]} {text[-LONGEST_TEXT // 2:]}"
    text = _folded(text)
    found = {
        "host": _some(_hosts(text), MOST_HOSTS),
        "site": _some(_hosts(_folded(website or "")), 1),
        "mail": [_folded(email).rpartition("@")[2]] if email else [],
        "name": _some(_words(_folded(name)), MOST_NAMES),
        "word": _some(_words(text), MOST_WORDS),
    }
    return sorted(_digest(f"{kind}:{word}") for kind, words in found.items() for word in words)


def _digest(word: str) -> str:
    return blake2b(word.encode(), digest_size=WORD_LENGTH // 2).hexdigest()


def _folded(text: str) -> str:
    return fold(_UNSEEN.sub("", text))


def _hosts(text: str) -> Iterator[str]:
    return (host.removeprefix("www.").rstrip(".,;!") for host in _HOST.findall(text))


def _words(text: str) -> Iterator[str]:
    """Of scripts without spaces each two neighbours."""
    for match in _WORD.finditer(text):
        word = match[0]
        if match[1] is None or len(word) == 1:
            yield word[:LONGEST_WORD]
        else:
            yield from map("".join, pairwise(word))


def _some(found: Iterable[str], most: int) -> list[str]:
    """Different ones, from both ends: harmless ones in front hide nothing from us."""
    different = list(dict.fromkeys(found))
    if len(different) <= most:
        return different
    return different[: most // 2] + different[-(most - most // 2) :]
