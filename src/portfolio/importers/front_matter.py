"""Front matter: the YAML, TOML or JSON that stands before a Markdown text."""

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from portfolio.importers import plain_yaml

LIMIT = 64 * 1024

_OPENING = re.compile(r"(---|\+\+\+|;;;)[ \t]*([A-Za-z]*)[ \t]*")
_LANGUAGES = {"---": "yaml", "+++": "toml", ";;;": "json"}
_JSON_OBJECT = re.compile(r'\{\s*["}]')
_YAML_KEY = re.compile(r"[#{]|---\s*$|[^\s].*:(\s|$)")
_HINTS = {
    "mapping values are not allowed here": "a value with a colon in it needs quotes around it",
    "found character '\\t' that cannot start any token": "a tab cannot indent YAML",
}
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


class FrontMatterError(ValueError):
    """`line` counts from 1 in the whole file."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`body` begins on line `body_line` of the file, counted from 1; its line ends are all LF."""

    data: dict[str, Any]
    body: str
    body_line: int


def parse(text: str) -> FrontMatter:
    """Read YAML between `---`, TOML between `+++`, JSON between `;;;` or as a leading object.

    `---json` and its like name the language on the fence. A text without front matter is all
    body. Raises FrontMatterError when it is broken, never closed or above 64 KiB.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    opening = next((number for number, line in enumerate(lines) if line.strip()), 0)
    fence = _OPENING.fullmatch(lines[opening])
    if fence and not _is_thematic_break(lines, opening):
        return _fenced(lines, opening, fence[1], fence[2].lower() or _LANGUAGES[fence[1]])
    start = len(text) - len(text.lstrip())
    if _JSON_OBJECT.match(text, start):
        return _leading_object(text, start)
    return FrontMatter({}, text, 1)


def _is_thematic_break(lines: list[str], opening: int) -> bool:
    """A rule drawn above prose: an empty line follows it, and then something that is no key."""
    following = [line for line in lines[opening + 1 :] if line.strip()]
    next_line = lines[opening + 1] if opening + 1 < len(lines) else ""
    is_plain = lines[opening].rstrip() == "---" and not next_line.strip()
    return is_plain and not (following and _YAML_KEY.match(following[0]))


def _fenced(lines: list[str], opening: int, fence: str, language: str) -> FrontMatter:
    load = _LOADERS.get(language)
    if load is None:
        raise FrontMatterError(
            f"front matter written in {language!r} is not supported", opening + 1
        )
    closings = {fence, "..."} if load is _load_yaml else {fence}
    rest = range(opening + 1, len(lines))
    closing = next((number for number in rest if lines[number].rstrip() in closings), None)
    if closing is None:
        raise FrontMatterError(f"front matter opened with {fence} is never closed", opening + 1)
    data = _loaded(load, "\n".join(lines[opening + 1 : closing]), opening + 2)
    return FrontMatter(data, "\n".join(lines[closing + 1 :]), closing + 2)


def _leading_object(text: str, start: int) -> FrontMatter:
    line = text.count("\n", 0, start) + 1
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise FrontMatterError(error.msg, error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise FrontMatterError("this JSON is too deep or too large", line) from error
    data = _loaded(_load_json, text[start:end], line)
    body = text[end:].lstrip(" \t").removeprefix("\n")
    return FrontMatter(data, body, text.count("\n", 0, len(text) - len(body)) + 1)


def _loaded(load: Callable[[str, int], Any], content: str, line: int) -> dict[str, Any]:
    if len(content) > LIMIT:
        raise FrontMatterError(f"front matter is above {LIMIT // 1024} KiB", line)
    try:
        data = load(content, line)
    except FrontMatterError:
        raise
    except (ValueError, RecursionError) as error:
        raise FrontMatterError("a value is out of range or too deep", line) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise FrontMatterError("front matter is not a set of names and values", line)
    return {str(name): value for name, value in data.items()}


def _load_toml(content: str, line: int) -> Any:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        offset = int(place[1]) - 1 if place and place[1] else content.count("\n")
        message = _TOML_PLACE.sub("", str(error))
        raise FrontMatterError(message, line + offset) from error


def _load_json(content: str, line: int) -> Any:
    if content.strip() and not content.lstrip().startswith(("{", "[")):
        content = "{" + content + "}"  # Hexo leaves the braces out
    try:
        return json.loads(content) if content.strip() else None
    except json.JSONDecodeError as error:
        raise FrontMatterError(error.msg, line + error.lineno - 1) from error


def _load_yaml(content: str, line: int) -> Any:
    try:
        return plain_yaml.load(content)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "this YAML cannot be read"
        raise FrontMatterError(
            _HINTS.get(message, message), line + (mark.line if mark else 0)
        ) from error
    except yaml.reader.ReaderError as error:
        offset = content.count("\n", 0, error.position)
        raise FrontMatterError("a control character is not allowed", line + offset) from error


_LOADERS = {"yaml": _load_yaml, "yml": _load_yaml, "toml": _load_toml, "json": _load_json}
