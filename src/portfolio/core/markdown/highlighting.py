"""Fenced code: coloured once, when the text is rendered, with Pygments' short CSS classes."""

import re
from collections.abc import MutableMapping, Sequence
from html import escape
from threading import Lock
from typing import Any

from markdown_it.token import Token
from pygments import format as format_tokens
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class, get_all_lexers
from pygments.token import Text, Whitespace

# Characters of code that are coloured in one document; what follows stays plain.
MAX_HIGHLIGHTED = 100_000

_LANGUAGE = re.compile(r"[\s{.]*([\w+#.-]{1,40})")
_LEXERS = {alias: name for name, aliases, *_ in get_all_lexers(plugins=False) for alias in aliases}
_FORMATTER = HtmlFormatter(nowrap=True)
# Lexer classes finish building themselves at their first use, which is not safe in two threads.
_LOCK = Lock()


def fence(
    _: object, tokens: Sequence[Token], idx: int, __: object, env: MutableMapping[str, Any]
) -> str:
    """Render rule for a fence: `<pre><code class="language-rust">` with spans inside."""
    token = tokens[idx]
    language = language_of(token.info)
    if not language:
        return f"<pre><code>{escape(token.content)}</code></pre>\n"
    env["highlighted"] = env.get("highlighted", 0) + len(token.content)
    lexer = _lexer(language) if env["highlighted"] <= MAX_HIGHLIGHTED else None
    code = _coloured(token.content, lexer) if lexer else escape(token.content)
    return f'<pre><code class="language-{escape(language)}">{code}</code></pre>\n'


def language_of(info: str) -> str:
    """The language in an info string: "rust,ignore", "{.python}", "shell:title=x" …, or ""."""
    match = _LANGUAGE.match(info)
    return match[1].lower() if match else ""


def _lexer(language: str) -> type[Lexer] | None:
    name = _LEXERS.get(language)
    return find_lexer_class(name) if name else None


def _coloured(code: str, lexer: type[Lexer]) -> str:
    with _LOCK:
        tokens = lexer(stripnl=False, ensurenl=False).get_tokens(code)
        # A fifth of all tokens are blanks, which want no colour and no span.
        plain_blanks = ((Text if kind is Whitespace else kind, text) for kind, text in tokens)
        return format_tokens(plain_blanks, _FORMATTER)
