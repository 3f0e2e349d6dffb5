"""Fenced code: coloured once, when the text is rendered, with Pygments' short CSS classes."""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from html import escape
from threading import Lock
from time import thread_time
from typing import Any

from markdown_it.token import Token
from pygments import format as format_tokens
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class, get_all_lexers
from pygments.token import Text, Whitespace

# Characters of code that are coloured in one document; what follows stays plain.
MAX_HIGHLIGHTED = 100_000
# Many lexers take the square of what they cannot close, such as a quotation mark, or of a run of
# blanks: seconds for a few kilobytes. These two keep any of them from running away.
MAX_SECONDS = 0.4
_RUNAWAY = re.compile(r"[^\n]{500}|\n(?:[ \t]*\n){20}")

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
    lexer = _lexer(language)
    if lexer is None or env["highlighted"] > MAX_HIGHLIGHTED or _RUNAWAY.search(token.content):
        code = escape(token.content)
    else:
        code = _coloured(token.content, lexer, env)
    return f'<pre><code class="language-{escape(language)}">{code}</code></pre>\n'


def language_of(info: str) -> str:
    """The language in an info string: "rust,ignore", "{.python}", "shell:title=x" …, or ""."""
    match = _LANGUAGE.match(info)
    return match[1].lower() if match else ""


def _lexer(language: str) -> type[Lexer] | None:
    name = _LEXERS.get(language)
    return find_lexer_class(name) if name else None


def _coloured(code: str, lexer: type[Lexer], env: MutableMapping[str, Any]) -> str:
    with _LOCK:
        try:
            tokens = lexer(stripnl=False, ensurenl=False).get_tokens(code)
            return format_tokens(_in_time(tokens, env), _FORMATTER)
        except TimeoutError:
            return escape(code)


def _in_time(
    tokens: Iterator[tuple[Any, str]], env: MutableMapping[str, Any]
) -> Iterator[tuple[Any, str]]:
    """The tokens, blanks without a colour of their own, while the document has time left."""
    end = thread_time() + env.setdefault("seconds", MAX_SECONDS)
    for kind, text in tokens:
        env["seconds"] = end - thread_time()
        if env["seconds"] < 0:
            raise TimeoutError
        yield (Text if kind is Whitespace else kind), text
