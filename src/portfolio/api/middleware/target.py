"""Refuses request targets that mean one thing to a proxy and another to us (CWE-436)."""

from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from portfolio.api.problem import problem
from portfolio.core.errors import AppError, BadRequestException, NotFoundException

_SEPARATORS = (b"%2f", b"%5c")


class TargetMiddleware:
    """An encoded slash is a 404; a NUL or what is no UTF-8 is a 400."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _flaw(scope) if scope["type"] == "http" else None
        if refused:
            await problem(*refused)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _flaw(scope: Scope) -> tuple[type[AppError], str] | None:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    if b"%" in path:
        if not _is_text(path):
            return BadRequestException, "The path must be UTF-8 without NUL"
        low = path.lower()
        if any(separator in low for separator in _SEPARATORS):
            return NotFoundException, "Nothing is here; a slash in a path stands for itself only"
    if query and not _is_text(query):
        return BadRequestException, "The query must be percent-encoded UTF-8 without NUL"
    return None


def _is_text(encoded: bytes) -> bool:
    try:
        return encoded.isascii() and "\0" not in unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
