"""The one shape of every refusal: problem details (RFC 9457)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from portfolio.core.context import current
from portfolio.core.errors import AppError, FieldError

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 50
_MAX_TEXT = 500

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457)",
    "type": "object",
    "required": ["detail", "title", "status", "code", "request_id"],
    "properties": {
        "detail": {"type": "string", "description": "What went wrong and what to do"},
        "title": {"type": "string", "description": "The kind of problem, in words"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "description": "The kind of problem, for programs"},
        "request_id": {"type": "string", "description": "Quote it when you report the problem"},
        "errors": {
            "type": "array",
            "maxItems": MAX_ERRORS,
            "description": "The fields that were refused",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string", "description": "Dotted path"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


class ProblemResponse(Response):
    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class OtherKind:
    """A status that no AppError stands for, such as one that Starlette raises."""

    status: int
    code: str
    title: str


def problem(
    kind: AppError | type[AppError] | OtherKind,
    detail: str | None = None,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> ProblemResponse:
    """Answer with this kind of error; further members extend the body. Never cached."""
    body: dict[str, Any] = {
        "detail": readable(detail or kind.title),
        "title": kind.title,
        "status": kind.status,
        "code": kind.code,
        "request_id": current().request_id,
        **members,
    }
    if errors:
        body["errors"] = [
            {
                "field": readable(error.field),
                "code": error.code,
                "message": readable(error.message),
            }
            for error in errors[:MAX_ERRORS]
        ]
    return ProblemResponse(
        body, status_code=kind.status, headers={"Cache-Control": "no-store", **(headers or {})}
    )


def refusal(error: AppError) -> ProblemResponse:
    """Answer with the error that was raised."""
    return problem(error, error.detail, errors=error.errors, headers=error.headers)


def readable(text: str) -> str:
    """Text that survives UTF-8 and a terminal: clients choose their own field names."""
    short = text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
    if short.isprintable():
        return short
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in short
    )
