"""The schema that front ends generate their clients from (OpenAPI 3.1)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from portfolio import __version__
from portfolio.api.errors import errors
from portfolio.api.forms import JsonOrForm
from portfolio.api.identity import (
    DEMANDING,
    SECURITY_SCHEMES,
    get_admin,
    get_caller,
    get_editor,
    get_fresh_identity,
)
from portfolio.api.problem import MEDIA_TYPE, SCHEMA
from portfolio.api.query import QueryOf
from portfolio.api.uploads import Upload
from portfolio.core.config import Settings
from portfolio.core.errors import (
    AppError,
    BadRequestException,
    ForbiddenException,
    InsufficientScopeException,
    InvalidInputException,
    NotFoundException,
    PayloadTooLargeException,
    RateLimitedException,
    ReauthenticationRequiredException,
    TooManyRequestsException,
    TwoFactorRequiredException,
    UnauthorizedException,
    UnavailableException,
    UnsupportedMediaTypeException,
)

_ANY_SCHEME: list[dict[str, list[str]]] = [{name: []} for name in SECURITY_SCHEMES]
DESCRIPTION = """Content of a portfolio site and blog: profile, posts, projects and their pictures.

* Lists are paged by `page` and `limit`, or by `cursor` where `next_cursor` of the page before goes.
* Errors are problem details (RFC 9457); `code` is for programs, `detail` for people.
* GET answers carry an `ETag`: send it back in `If-None-Match` to save the body, or in `If-Match`
  to change only what you have seen.
"""
LICENSE = {"name": "MIT", "identifier": "MIT"}
TAGS = {
    "auth": "Sign in, sign out, and the first account",
    "me": "The signed-in account",
    "sessions": "Where the signed-in account is signed in",
    "api tokens": "Tokens for static builds and scripts",
    "users": "Accounts, for admins",
    "invites": "Who may come, for admins",
    "stats": "What there is, for admins",
    "audit": "Who did what, for admins",
    "profile": "Who the site is about",
    "posts": "The blog",
    "projects": "The portfolio",
    "tags": "What posts and projects are about",
    "series": "Posts that belong together, in order",
    "contact": "The contact form, and the owner's inbox",
    "reactions": "What people give posts, projects and comments, and the counts of it",
    "redirects": "Former addresses",
    "comments": "What people say about posts and projects",
    "media": "Pictures and videos, and the files that are served",
    "system": "Health and versions",
}


def install(app: FastAPI, settings: Settings) -> None:
    """Have app.openapi() give the completed schema."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = schema(app, settings)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def schema(app: FastAPI, settings: Settings) -> dict[str, Any]:
    """FastAPI's schema with our errors in the place of its own."""
    used = {tag for route in iter_route_contexts(app.routes) for tag in getattr(route, "tags", ())}
    made = get_openapi(
        title=app.title,
        version=__version__,
        description=DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": TAGS[name]} for name in TAGS if name in used],
        servers=[{"url": settings.server.public_url or "/"}],
        license_info=LICENSE,
    )
    parts = made.setdefault("components", {}).setdefault("schemas", {})
    parts.pop("HTTPValidationError", None)
    parts.pop("ValidationError", None)
    parts["Problem"] = SCHEMA
    made["components"]["securitySchemes"] = SECURITY_SCHEMES
    for operation, calls in _called(app, made):
        if get_caller in calls:
            needed = not DEMANDING.isdisjoint(calls)
            operation["security"] = _ANY_SCHEME if needed else [*_ANY_SCHEME, {}]
        if not {get_admin, get_editor}.isdisjoint(calls):
            _declare(
                operation,
                ForbiddenException,
                InsufficientScopeException,
                TwoFactorRequiredException,
            )
        elif not DEMANDING.isdisjoint(calls):
            _declare(operation, InsufficientScopeException)
        if get_fresh_identity in calls:
            _declare(operation, ReauthenticationRequiredException)
        for call in calls:
            if isinstance(call, QueryOf):
                operation.setdefault("parameters", []).extend(call.parameters())
            elif isinstance(call, Upload | JsonOrForm):
                operation["requestBody"] = call.body()
                _declare(operation, *call.raises)
                parts.update(call.schemas())
    for _, operation in operations(made):
        _complete(operation)
    return made


def _called(app: FastAPI, made: dict[str, Any]) -> Iterator[tuple[dict[str, Any], set[Any]]]:
    """Each operation with what its route depends on, whatever FastAPI can see of it."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None and route.include_in_schema:
            for method in route.methods or ():
                yield made["paths"][route.path_format][method.lower()], set(_calls(dependant))


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for part in dependant.dependencies:
        yield from _calls(part)


def operations(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation with its method, in lower case."""
    for path in made["paths"].values():
        yield from path.items()


def repeated_operation_ids(made: dict[str, Any]) -> list[str]:
    """The operationIds that clients could not tell apart; empty when all is well."""
    counts = Counter(operation["operationId"] for _, operation in operations(made))
    return sorted(name for name, count in counts.items() if count > 1)


def _complete(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    _declare(operation, *_always(operation))
    operation["responses"] = dict(sorted(responses.items()))


def _declare(operation: dict[str, Any], *kinds: type[AppError]) -> None:
    for status, declared in errors(*kinds).items():
        known = operation["responses"].setdefault(str(status), declared)
        examples = declared["content"][MEDIA_TYPE]["examples"]
        known["content"].setdefault(MEDIA_TYPE, {}).setdefault("examples", {}).update(examples)


def _always(operation: dict[str, Any]) -> Iterator[type[AppError]]:
    """What any route of this kind may answer, besides what it declares."""
    yield from (BadRequestException, InvalidInputException)
    yield from (TooManyRequestsException, RateLimitedException)
    yield from (AppError, UnavailableException)
    if operation.get("security"):
        yield UnauthorizedException
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        yield NotFoundException
    if "requestBody" in operation:
        yield from (PayloadTooLargeException, UnsupportedMediaTypeException)
