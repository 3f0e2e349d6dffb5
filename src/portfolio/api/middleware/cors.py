"""Which pages of other origins may call the API (Fetch standard, CORS protocol)."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from portfolio.api.problem import problem
from portfolio.core.errors import BadRequestException

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "Last-Event-ID",
    "Range",
    "X-Request-ID",
)
ANSWER_HEADERS = (
    "Content-Disposition",
    "Content-Range",
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "WWW-Authenticate",
    "X-Cache",
    "X-Request-ID",
)


class ExactOriginsMiddleware(CORSMiddleware):
    """Named origins only.

    No cookie signs anybody in; that of a known browser comes along where a page asks for it.
    """

    def __init__(self, app: ASGIApp, origins: list[str]) -> None:
        super().__init__(
            app,
            allow_origins=frozenset(origins),
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            allow_credentials=True,
            expose_headers=ANSWER_HEADERS,
            max_age=7200,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        kept = {
            name: value for name, value in answer.headers.items() if not name.startswith("content-")
        }
        if answer.status_code < BadRequestException.status:
            return Response(status_code=204, headers=kept)
        return problem(BadRequestException, bytes(answer.body).decode(), headers=kept)
