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
# Most lexers take the square of a long line, of a run of blank lines or of what is never closed:
# minutes for a few kilobytes. The two limits stop these languages in time; that was tried out.
MAX_SECONDS = 0.4
_RUNAWAY = re.compile(r"^[^\n]{500}|\n(?:[ \t]*\n){20}", re.MULTILINE)
_LANGUAGES = frozenset("""
    abnf ada agda apacheconf asm awk bash bat batch bazel bibtex bnf c clojure cmake cobol
    coffeescript common-lisp console coq cpp crystal csharp css cuda cypher d dart desktop diff
    django docker ebnf elixir elm erb erlang fish fortran fsharp gas gdscript gherkin glsl go
    graphql groff groovy haml handlebars haskell haxe hcl hlsl html html+php http idris ini java
    javascript json json5 jsonld jsonnet jsx julia kotlin latex lean less liquid livescript llvm lua
    make markdown matlab meson mysql nasm nginx nim nix objective-c ocaml openscad pascal perl php
    po pony postgresql powershell prolog promql properties protobuf puppet purescript pycon pytb
    python qml r racket reason restructuredtext robotframework ruby rust sass scala scheme scss sed
    slim smalltalk solidity sparql sql sqlite3 swift systemd tcl terraform tex thrift toml tsql
    tsx turtle twig typescript v vala verilog vhdl vim vue wast wgsl xml xslt yaml zig
    """.split())  # noqa: SIM905 - a hundred quotation marks say nothing

_LANGUAGE = re.compile(r"[\s{.]*([\w+#.-]{1,40})")
_LEXERS = {
    alias: name
    for name, aliases, *_ in get_all_lexers(plugins=False)
    if not _LANGUAGES.isdisjoint(aliases)
    for alias in aliases
}
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
