"""Maps everything that is raised to one body, and declares it for OpenAPI."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.responses import Response

from portfolio.api.middleware.methods import allowed_methods
from portfolio.api.problem import MEDIA_TYPE, OtherKind, problem, readable, refusal
from portfolio.core.errors import (
    AppError,
    BadRequestException,
    ConflictException,
    FieldError,
    ForbiddenException,
    InvalidInputException,
    MethodNotAllowedException,
    NotFoundException,
    PayloadTooLargeException,
    PreconditionFailedException,
    RetryableException,
    TooManyRequestsException,
    UnauthorizedException,
    UnavailableException,
    UnsupportedMediaTypeException,
)

_PLACES = {"body", "query", "path", "header", "cookie"}
_BY_STATUS: dict[int, type[AppError]] = {
    kind.status: kind
    for kind in (
        BadRequestException,
        UnauthorizedException,
        ForbiddenException,
        NotFoundException,
        MethodNotAllowedException,
        ConflictException,
        PreconditionFailedException,
        PayloadTooLargeException,
        UnsupportedMediaTypeException,
        InvalidInputException,
        TooManyRequestsException,
        UnavailableException,
        AppError,
    )
}
_INTERNAL = "Something went wrong on our side; quote the request_id when you report it"


def install(app: FastAPI) -> None:
    """Give every error of the app, FastAPI's own included, the problem body."""

    async def handle(request: Request, error: Exception) -> Response:
        return answer(request, error)

    for kind in (AppError, RetryableException, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, handle)


def answer(request: Request, error: Exception) -> Response:
    """What to send for this error; what is not ours is a 500 without a cause."""
    match error:
        case AppError():
            return refusal(error)
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            return _http(request, error)
        case RetryableException():
            return refusal(UnavailableException("The data is being changed; try again"))
    return problem(AppError, _INTERNAL)


def _invalid(error: RequestValidationError) -> Response:
    found = [_field_error(item) for item in error.errors()]
    first, rest = found[0], len(found) - 1
    more = f" (and {rest} more)" if rest else ""
    return problem(InvalidInputException, f"{first.field}: {first.message}{more}", errors=found)


def _field_error(item: dict[str, Any]) -> FieldError:
    place, *path = (str(part) for part in item["loc"] or ("body",))
    field = ".".join(path if path and place in _PLACES else [place, *path])
    if item["type"] == "union_tag_invalid":
        # Pydantic's sentence repeats the input, which may be a secret in the wrong field.
        message = f"expected one of {item['ctx']['expected_tags']}"
    else:
        message = item["msg"].removeprefix("Value error, ")
    return FieldError(readable(field), item["type"], message[:1].lower() + message[1:])


def _http(request: Request, error: HTTPException) -> Response:
    status, headers = error.status_code, dict(error.headers or {})
    if status < HTTPStatus.BAD_REQUEST:
        return Response(status_code=status, headers=headers)
    detail = str(error.detail)
    match status:
        case 404 if detail == HTTPStatus(status).phrase:
            detail = "Nothing is here; check the path"
        case 405:
            # What is mounted, such as a folder of files, is no route and only read.
            allowed = allowed_methods(request.scope) or "GET, HEAD, OPTIONS"
            headers["Allow"] = allowed
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=headers)
            detail = f"{request.method} is not offered here; use one of {allowed}"
        case 413 if MAX_BODY_SIZE_SCOPE_KEY in request.scope:
            detail = f"Send {request.scope[MAX_BODY_SIZE_SCOPE_KEY]} bytes at most"
    kind = _BY_STATUS.get(status)
    if kind:
        return problem(kind, detail, headers=headers)
    phrase = HTTPStatus(status).phrase
    code = phrase.lower().replace(" ", "_").replace("-", "_").replace("'", "")
    return problem(OtherKind(status, code, phrase.capitalize()), detail, headers=headers)


def errors(*kinds: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may raise these."""
    declared: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        response = declared.setdefault(
            kind.status,
            {
                "description": kind.title,
                "content": {
                    MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
                },
            },
        )
        response["content"][MEDIA_TYPE]["examples"][kind.code] = {
            "summary": kind.title,
            "value": {
                "detail": kind.title,
                "title": kind.title,
                "status": kind.status,
                "code": kind.code,
                "request_id": "3f0c9c1e5d7b4a62b1f0a8d4c2e69b17",
            },
        }
    return declared
