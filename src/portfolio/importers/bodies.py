"""What a Markdown body says of itself: its first heading, its list, its shortcodes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_HEADING = 500
LONGEST_LINE = 10_000

_FENCE = re.compile(r"[\s>]*(`{3,}(?=[^`]*$)|~{3,})")
_ATX = re.compile(r" {0,3}#(?=[ \t])")
_CLOSING = re.compile(r"(?:^|(?<=[ \t]))#+$")
_ATTRIBUTES = re.compile(r"\{[#.][^{}]*\}$")
_UNDERLINE = re.compile(r" {0,3}=+[ \t]*$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)")
_SHORTCODE = re.compile(
    r"\{\{[<%]-?\s*/?\s*([\w./-]+)"  # Hugo
    r"|\{%-?\s*([\w-]+)"  # Liquid and Zola's blocks
    r"|\{\{-?\s*([\w.]+)\s*(?=[(|}-])"  # Zola's calls, Liquid's values
)
_MDX = re.compile(r"(import|export)\s.*|[^<]*<([A-Z]\w*)")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?=[ \t])")
_NESTED = re.compile(r"\s+(?:[-*+]|\d{1,9}[.)])\s")
_RULE = re.compile(r"\s*(?:(?:\*\s*){3,}|(?:-\s*){3,})$")


@dataclass(frozen=True, slots=True)
class Heading:
    """`start` and `end` are line numbers in the body, from 0, the end not included."""

    text: str
    start: int
    end: int
    leads: bool


def prose(body: str) -> Iterator[tuple[int, str]]:
    """The lines outside fenced code, each with its number from 0."""
    fence = ""
    for number, line in enumerate(body.split("\n")):
        mark = _FENCE.match(line)
        if not fence and mark:
            fence = mark[1]
        elif not fence:
            yield number, line
        elif mark and mark[1].startswith(fence) and not line.strip(" \t>`~"):
            fence = ""


def first_heading(body: str) -> Heading | None:
    """The first heading of level one, as plain text; one without words does not count."""
    lines = body.split("\n")
    for number, line in prose(body):
        if atx := _ATX.match(line):
            start, text = number, _ATTRIBUTES.sub("", line[atx.end() :].strip())
        elif number and _UNDERLINE.match(line):
            start, text = number - 1, lines[number - 1]
        else:
            continue
        if words := _LINK.sub(r"\1", _CLOSING.sub("", text[:LONGEST_HEADING])).strip():
            return Heading(words, start, number + 1, not "".join(lines[:start]).strip())
    return None


def without(body: str, heading: Heading) -> str:
    """The body with the heading's lines left empty, so that every other keeps its number."""
    lines = body.split("\n")
    lines[heading.start : heading.end] = [""] * (heading.end - heading.start)
    return "\n".join(lines)


def shortcodes(body: str, *, is_mdx: bool = False) -> list[str]:
    """The names of what only a site generator could expand, sorted."""
    names = set()
    for _, line in prose(body) if is_mdx or "{{" in body or "{%" in body else ():
        text = _CODE_SPAN.sub("", line[:LONGEST_LINE])
        names |= {"".join(found) for found in _SHORTCODE.findall(text)}
        if is_mdx and (found := _MDX.match(text)):
            names.add(found[1] or f"<{found[2]}>")
    return sorted(name for name in names if not name.startswith("end"))


def highlights(body: str) -> tuple[list[str], str]:
    """The items of its lists, each with what is nested in it, and the rest of the body."""
    items: list[list[str]] = []
    rest: list[str] = []
    after_blank, in_item, level = True, False, 0
    for line in body.split("\n"):
        indent = len(line) - len(line.lstrip())
        item = None if _RULE.match(line) else _ITEM.match(line)
        if item and (not in_item or indent <= level + 1):
            items.append([line[item.end() :].strip()])
            in_item, level = True, indent
        elif in_item and line.strip() and (indent or not after_blank):
            items[-1].append(("\n" if _NESTED.match(line) else " ") + line.strip())
        else:
            rest.append(line)
            in_item = in_item and not line.strip()
        after_blank = not line.strip()
    return ["".join(parts) for parts in items], "\n".join(rest).strip()
