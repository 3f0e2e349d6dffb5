"""What an answer says in its headers about what it carries."""

from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Request, Response

from portfolio.api.conditional import PRIVATE, versioned
from portfolio.core.pagination import Page


class Versioned(Protocol):
    id: int
    version: int


T = TypeVar("T")
V = TypeVar("V", bound=Versioned)


@dataclass(frozen=True, slots=True)
class Answer:
    """Each method completes the headers and hands its argument through."""

    request: Request
    response: Response

    def page(self, page: Page[T]) -> Page[T]:
        """Links to the pages before and after (RFC 8288)."""
        links = []
        if page.next_cursor is not None and page.page is None:
            links.append(self._link("next", cursor=page.next_cursor))
        if page.page is not None and page.next_cursor is not None:
            links.append(self._link("next", page=page.page + 1))
        if page.page is not None and page.page > 1:
            links.append(self._link("prev", page=page.page - 1))
        if links:
            self.response.headers["Link"] = ", ".join(links)
        return page

    def ready(self, value: Any) -> Response:
        """The answer of a hot read, as bytes: a projection has the shape of its schema already.

        Validating it once more would cost as much as the database. A test holds them equal.
        """
        body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
        return Response(body, headers=self.response.headers, media_type="application/json")

    def versioned(self, row: V) -> V:
        """An ETag that If-Match takes back."""
        versioned(self.response, row.version)
        return row

    def created(self, row: V) -> V:
        """Where the new row is from now on."""
        path = self.request.scope["path"].rstrip("/")
        self.response.headers["Location"] = f"{path}/{row.id}"
        return self.versioned(row)

    def private(self, value: T) -> T:
        """For nobody's cache."""
        self.response.headers["Cache-Control"] = PRIVATE
        self.response.headers["X-Robots-Tag"] = "noindex"
        return value

    def _link(self, relation: str, **changed: Any) -> str:
        query = {**self.request.query_params, **changed}
        return f'<{self.request.scope["path"]}?{urlencode(query)}>; rel="{relation}"'


async def answer(request: Request, response: Response) -> Answer:
    return Answer(request, response)


AnswerDep = Annotated[Answer, Depends(answer)]
