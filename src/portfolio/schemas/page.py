from typing import Generic, TypeVar

from portfolio.schemas.base import Output

T = TypeVar("T")


class PageRead(Output, Generic[T]):
    """One page of a list. `total`, `page` and `pages` are null on the way by cursor."""

    items: list[T]
    total: int | None
    page: int | None
    pages: int | None
    limit: int
    next_cursor: str | None
