"""Two ways through a list: numbered pages, and keyset cursors that cost the same anywhere."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast

from portfolio.core.errors import InvalidInputException

T = TypeVar("T")
U = TypeVar("U")
MAX_LIMIT = 100
MAX_PAGE = 1_000_000
INTEGER, BIGINT = 2**31, 2**63  # what columns of numbers and primary keys hold


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort key by its public name. The primary key always breaks ties, in the same direction."""

    key: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str, allowed: Mapping[str, Any]) -> "Sort":
        """Read "-published_at". Raises InvalidInputException naming the allowed keys."""
        sort = cls(text.removeprefix("-"), text.startswith("-"))
        if sort.key not in allowed:
            names = ", ".join(sorted(allowed))
            raise InvalidInputException.of(
                "sort", f"unknown key; use one of {names}, with a leading - to reverse", "sort"
            )
        return sort

    def __str__(self) -> str:
        return f"-{self.key}" if self.descending else self.key


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row seen: its sort value and its primary key."""

    sort: str
    value: str | int | datetime
    id: int

    def encode(self) -> str:
        stamped = isinstance(self.value, datetime)
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        raw = json.dumps([self.sort, value, int(stamped), self.id], ensure_ascii=False)
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, sample: type) -> "Cursor":
        """Read an encoded cursor whose value is a `sample`. Raises InvalidInputException."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            sort, value, stamped, row_id = json.loads(raw)
            cursor = cls(str(sort), _value(sample, value, stamped=stamped), _row_id(row_id))
            # Lone surrogates and numbers beyond 64 bits are nothing that a database can compare.
            cursor.encode().encode()
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InvalidInputException.of(
                "cursor", "malformed; take it from next_cursor of the page before", "cursor"
            ) from error
        return cursor


def _row_id(raw: Any) -> int:
    if type(raw) is not int or abs(raw) >= BIGINT:
        raise ValueError(raw)
    return raw


def _moment(raw: Any) -> datetime:
    found = datetime.fromisoformat(raw)
    if found.tzinfo is None:
        raise ValueError(raw)
    return found.astimezone(UTC)


def _value(kind: type, raw: Any, *, stamped: bool) -> str | int | datetime:
    value: Any = _moment(raw) if stamped else raw
    if type(value) is not kind:
        raise ValueError(raw)
    if (isinstance(value, int) and abs(value) >= INTEGER) or (
        isinstance(value, str) and "\0" in value
    ):
        raise ValueError(raw)
    return cast("str | int | datetime", value)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What the caller asked for: a numbered page, or what follows a cursor."""

    limit: int = 20
    page: int = 1
    cursor: str | None = None
    sort: str | None = None

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit


@dataclass(slots=True)
class Page(Generic[T]):
    """One page of a list; `total`, `page` and `pages` are known for numbered pages only."""

    items: list[T]
    limit: int
    total: int | None = None
    page: int | None = None
    next_cursor: str | None = None
    pages: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.pages = None if self.total is None else -(-self.total // self.limit)

    def with_items(self, items: list[U]) -> "Page[U]":
        """The same page, of what was made of its items."""
        return Page(items, self.limit, self.total, self.page, self.next_cursor)
