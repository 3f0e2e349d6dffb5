"""Refuses requests that mean one thing to a proxy and another to us (CWE-436)."""

from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from portfolio.api.problem import OtherKind, problem
from portfolio.core.errors import AppError, BadRequestException, NotFoundException

MAX_HEADER_BYTES = 65_536
_SEPARATORS = (b"%2f", b"%5c")
_TOO_LARGE = OtherKind(431, "headers_too_large", "Request header fields too large")

Flaw = tuple[type[AppError] | OtherKind, str]


class TargetMiddleware:
    """An encoded slash is a 404, a NUL or what is no UTF-8 a 400, headers beyond 64 KiB a 431."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        flaw = _flaw(scope) if scope["type"] != "lifespan" else None
        if flaw:
            await problem(*flaw)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _flaw(scope: Scope) -> Flaw | None:
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
    # uvicorn's fast parser sets no limit of its own.
    size = sum([len(name) + len(value) for name, value in scope["headers"]])
    if size + len(path) + len(query) > MAX_HEADER_BYTES:
        return _TOO_LARGE, f"Send {MAX_HEADER_BYTES} bytes of address and headers at most"
    return None


def _is_text(encoded: bytes) -> bool:
    try:
        return encoded.isascii() and "\0" not in unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
