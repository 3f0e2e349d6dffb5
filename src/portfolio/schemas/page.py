from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from portfolio.core.pagination import MAX_LIMIT, MAX_PAGE, PageRequest
from portfolio.schemas.base import Output

T = TypeVar("T")


class ListQuery(BaseModel):
    """Parameters of a list; subclasses add filters. Unknown ones are refused by the route."""

    model_config = ConfigDict(str_strip_whitespace=True)

    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    page: int | None = Field(None, ge=1, le=MAX_PAGE, description="By number; counts the total")
    cursor: str | None = Field(
        None, min_length=1, max_length=2000, description="`next_cursor` of the page before"
    )
    sort: str | None = Field(
        None, min_length=1, max_length=40, description="A key, with a leading - to reverse"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.page is not None and self.cursor is not None:
            raise ValueError("use page or cursor, not both")
        return self

    def page_request(self) -> PageRequest:
        return PageRequest(self.limit, self.page or 1, self.cursor, self.sort)

    def filters(self) -> dict[str, Any]:
        """What was given besides the paging."""
        given = self.model_fields_set - ListQuery.model_fields.keys()
        return {name: value for name in given if (value := getattr(self, name)) is not None}


class PageRead(Output, Generic[T]):
    """One page of a list. `total`, `page` and `pages` are null on the way by cursor."""

    items: list[T]
    total: int | None
    page: int | None
    pages: int | None
    limit: int
    next_cursor: str | None
