"""What a list is asked for, apart from its values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from portfolio.core.pagination import Sort


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a list, and how the value asked for fills its parameters."""

    condition: ColumnElement[bool]
    bind: Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """All that makes two list statements differ but for their values."""

    scope: str
    filters: frozenset[str]
    sort: Sort
    by_cursor: bool
    ready: bool
