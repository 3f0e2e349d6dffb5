"""Entity tags, 304 and Cache-Control for every answer (RFC 9110, 13; RFC 9111)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portfolio.core.config import CacheSettings
from portfolio.core.errors import PreconditionFailedException

PRIVATE: Final = "private, no-store"
CACHE_TAGS = "portfolio.cache_tags"
_MAX_BYTES = 4 * 1024 * 1024
_TAG = re.compile(r'\s*(?:W/)?"(?P<opaque>[\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
_VERSION = re.compile(r"(?P<version>\d{1,18})(?:\.|$)")
_CACHEABLE = {200, 301, 308}
_OF_THE_BODY = (b"content-length", b"content-type")


def versioned(response: Response, version: int) -> None:
    """Have the answer's ETag begin with the version of its row, for a later If-Match."""
    # The dot at the end asks the middleware for the digest.
    response.headers["ETag"] = f'W/"{version}."'


def row_version(if_match: str | None) -> int | None:
    """The row version that If-Match demands; None where any will do.

    Takes weak and strong tags. Of a list the newest version counts: rows never return to an old
    one. Raises PreconditionFailedException for tags that name no version.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    versions = [match["version"] for tag in _tags(if_match) if (match := _VERSION.match(tag))]
    if not versions:
        raise PreconditionFailedException("Send in If-Match an ETag that this address sent you")
    return max(int(version) for version in versions)


def _tags(header: str) -> list[str]:
    """The opaque parts of a list of entity tags; empty for a malformed one."""
    found, position = [], 0
    while position < len(header):
        match = _TAG.match(header, position)
        if not match:
            return []
        found.append(match["opaque"])
        position = match.end()
    return found


@dataclass(slots=True)
class Conditions:
    """What the request says about caching."""

    reading: bool
    identified: bool = False
    none_match: bytes | None = None
    modified_since: bytes | None = None

    @classmethod
    def by(cls, method: str, headers: Iterable[tuple[bytes, bytes]]) -> "Conditions":
        asked = cls(reading=method in {"GET", "HEAD"})
        for name, value in headers:
            if name in {b"authorization", b"cookie"}:
                asked.identified = True
            elif name == b"if-none-match":
                asked.none_match = (
                    value if asked.none_match is None else asked.none_match + b"," + value
                )
            elif name == b"if-modified-since":
                asked.modified_since = value
        return asked

    def met_by(self, tag: bytes | None, modified: bytes | None) -> bool:
        """Whether the client holds this representation (weak comparison; tags go first)."""
        if not self.reading:
            return False
        if self.none_match is not None:
            if self.none_match.strip() == b"*":
                return True
            opaque = (tag or b"").decode("latin-1").removeprefix("W/")[1:-1]
            return tag is not None and opaque in _tags(self.none_match.decode("latin-1"))
        if self.modified_since is None or modified is None:
            return False
        try:
            since = parsedate_to_datetime(self.modified_since.decode("latin-1"))
            return parsedate_to_datetime(modified.decode("latin-1")) <= since
        except (ValueError, TypeError):
            return False


class ConditionalMiddleware:
    """Tags answers that come in one piece, and leaves streams and files as they are.

    A cache further out leaves a set at scope[CACHE_TAGS]. With something in it the answer is left
    whole, to be kept, and the cache tells the client if it holds that already.
    """

    def __init__(self, app: ASGIApp, settings: CacheSettings) -> None:
        self.app = app
        public = f"max-age={settings.max_age}" if settings.max_age else "no-cache"
        if settings.max_age and settings.stale_while_revalidate:
            public += f", stale-while-revalidate={settings.stale_while_revalidate}"
        self._public = f"public, {public}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Conditions.by(scope["method"], scope["headers"])
        start: Message | None = None

        async def send_tagged(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                whole = message["type"] == "http.response.body" and not message.get("more_body")
                body = message.get("body", b"") if whole else None
                if self._finish(start, asked, body, kept=bool(scope.get(CACHE_TAGS))):
                    message = {"type": "http.response.body", "body": b""}
                await send(start)
                start = None
            await send(message)

        await self.app(scope, receive, send_tagged)

    def _finish(self, start: Message, asked: Conditions, body: bytes | None, *, kept: bool) -> bool:
        """Complete the headers. True if the answer became a 304."""
        headers = dict(start["headers"])
        status: int = start["status"]
        added: dict[bytes, bytes] = {}
        tag = self._tag(headers.get(b"etag"), asked, status, body)
        if tag is not None:
            added[b"etag"] = tag
        if b"cache-control" not in headers:
            added[b"cache-control"] = self._cache_control(asked, status, headers)
        if asked.reading and status in _CACHEABLE:
            added[b"vary"] = b", ".join(
                [*(value for name, value in start["headers"] if name == b"vary"), b"Authorization"]
            )
        unchanged = (
            status == HTTPStatus.OK
            and body is not None
            and not kept
            and asked.met_by(tag, headers.get(b"last-modified"))
        )
        if unchanged:
            start["status"] = 304
            # The compression layer leaves a 304 alone, but it must name what the 200 varies by.
            added[b"vary"] += b", Accept-Encoding"
        dropped = {*added, *(_OF_THE_BODY if unchanged else ())}
        start["headers"] = [
            *(header for header in start["headers"] if header[0] not in dropped),
            *added.items(),
        ]
        return unchanged

    @staticmethod
    def _tag(own: bytes | None, asked: Conditions, status: int, body: bytes | None) -> bytes | None:
        unfinished = own is not None and own.endswith(b'."')
        wanted = unfinished or (own is None and asked.reading and status == HTTPStatus.OK)
        if not wanted or body is None or len(body) > _MAX_BYTES:
            return own
        digest = blake2b(body, digest_size=12).hexdigest().encode()
        return (own[:-1] if own else b'W/"') + digest + b'"'

    def _cache_control(self, asked: Conditions, status: int, headers: dict[bytes, bytes]) -> bytes:
        if asked.identified or b"set-cookie" in headers:
            return PRIVATE.encode()
        return self._public if asked.reading and status in _CACHEABLE else b"no-store"
