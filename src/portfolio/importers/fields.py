"""Front matter by name, however a generator spells the name."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

LONGEST_WARNING = 300

_GROUPS = ("taxonomies", "extra", "params")
_TRUE = {"true", "yes", "on", "1", "y"}
_FALSE = {"false", "no", "off", "0", "n"}


@lru_cache(maxsize=1024)
def _fold(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


class Fields:
    """`pubDate`, `pub_date` and `pub-date` are one name; Zola's `[extra]` and the like lie open.

    An empty value counts as absent. `warnings` gathers what could not be understood.
    """

    def __init__(self, data: dict[str, Any], warnings: list[str] | None = None) -> None:
        self.warnings: list[str] = [] if warnings is None else warnings
        self._values: dict[str, tuple[str, Any]] = {}
        groups = [group for name, group in data.items() if _fold(name) in _GROUPS]
        for group in [data, *(group for group in groups if isinstance(group, dict))]:
            for name, value in group.items():
                if not _is_empty(value):
                    self._values.setdefault(_fold(str(name)), (str(name), value))

    def warn(self, message: str) -> None:
        if (short := message[:LONGEST_WARNING]) not in self.warnings:
            self.warnings.append(short)

    def present(self, *names: str) -> Iterator[tuple[str, Any]]:
        """Those of the names that are there, in the order asked for and as the author wrote them."""
        for name in names:
            if (found := self._values.get(_fold(name))) is not None:
                yield found

    def has(self, *names: str) -> bool:
        return any(True for _ in self.present(*names))

    def text(self, *names: str) -> str | None:
        """The first that is a line or a number; a list, a table and a yes or no are none."""
        return next((text for _, value in self.present(*names) if (text := as_text(value))), None)

    def flags(self, *names: str) -> set[bool | None]:
        """What they say, yes or no; None for anything else, such as a date under `published`."""
        return {as_flag(value) for _, value in self.present(*names)}

    def group(self, *names: str) -> "Fields":
        """The first that is a table; an empty one when none is."""
        found = (value for _, value in self.present(*names) if isinstance(value, dict))
        return Fields(next(found, {}), self.warnings)

    def texts(self, *names: str) -> list[str]:
        """All items under all names, each once: a text is one item, a table gives its name or title."""
        items = (
            item
            for _, value in self.present(*names)
            for item in (value if isinstance(value, list) else [value])
        )
        return list(dict.fromkeys(text for item in items if (text := as_name(item))))


def as_text(value: Any) -> str | None:
    if isinstance(value, bool | list | dict | bytes) or value is None:
        return None
    return str(value).strip() or None


def as_flag(value: Any) -> bool | None:
    word = str(value).strip().lower()
    return word in _TRUE if word in _TRUE | _FALSE else None


def as_name(value: Any) -> str | None:
    if isinstance(value, dict):
        return Fields(value).text("name", "title", "label", "slug", "id")
    return as_text(value)


def _is_empty(value: Any) -> bool:
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())
