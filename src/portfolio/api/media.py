"""Stored files, served so that whatever they hold stays a picture (SVG can carry scripts)."""

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import stat_result
from pathlib import Path, PurePath
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import (
    FileResponse,
    MalformedRangeHeader,
    RangeNotSatisfiable,
    RedirectResponse,
    Response,
)
from starlette.types import Send

from portfolio.adapters.storage import IMMUTABLE, Address, RemoteFile, content_type_of
from portfolio.api.conditional import PRIVATE, Conditions
from portfolio.api.deps import DbRead, Viewer, services_of
from portfolio.api.errors import errors
from portfolio.api.route import door_router
from portfolio.core.errors import (
    NotFoundException,
    RangeNotSatisfiableException,
    UnavailableException,
)
from portfolio.services.media_access import FOR_EVER

_HEADERS = {
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
router = door_router("media")


class MediaResponse(FileResponse):
    # More than any player or viewer asks for; with more of them the whole file is the answer.
    max_ranges = 10

    @classmethod
    def _parse_range_header(cls, http_range: str, file_size: int) -> list[tuple[int, int]]:
        """What is no range is ignored (RFC 9110, 14.2). Raises RangeNotSatisfiableException."""
        try:
            return super()._parse_range_header(http_range, file_size)
        except MalformedRangeHeader:
            return []
        except RangeNotSatisfiable as error:
            raise RangeNotSatisfiableException(
                f"The file ends after {file_size} bytes",
                headers={"Content-Range": f"bytes */{file_size}"},
            ) from error


class RemoteResponse(MediaResponse):
    """The same for a file that is no file of this machine: passed on as it is read."""

    chunk_size = 1024 * 1024

    def __init__(self, file: RemoteFile, **rest: Any) -> None:
        self._file = file
        changed = int(file.modified.timestamp())
        about = stat_result((stat.S_IFREG, 0, 0, 1, 0, 0, file.size, changed, changed, changed))
        super().__init__("", stat_result=about, **rest)

    @asynccontextmanager
    async def _open_file(self) -> AsyncIterator[Any]:
        yield _Reader(self._file)

    async def _handle_simple(self, send: Send, send_header_only: bool, _pathsend: bool) -> None:
        await super()._handle_simple(send, send_header_only, send_pathsend=False)


class _Reader:
    """Of a file all that a FileResponse uses."""

    def __init__(self, file: RemoteFile) -> None:
        self._file = file
        self._position = 0

    async def seek(self, position: int) -> None:
        self._position = position

    async def read(self, size: int) -> bytes:
        length = min(size, self._file.size - self._position)
        piece = await self._file.read(self._position, length) if length else b""
        self._position += len(piece)
        return piece


@router.get(
    "/media/{key:path}",
    response_class=MediaResponse,
    responses={
        200: {"description": "The file", "content": {"image/*": {}, "video/*": {}}},
        206: {"description": "The part of it that Range asked for"},
        304: {"description": "The file that If-None-Match names"},
        307: {"description": "Where the file is, if the owner has a bucket that readers may ask"},
        **errors(NotFoundException, RangeNotSatisfiableException, UnavailableException),
    },
)
async def get_media(
    key: str,
    request: Request,
    db: DbRead,
    viewer: Viewer,
    signed: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """A stored file: for everybody as soon as something public shows it, or the library.

    Until then answers to editors and previews have signed addresses of it.
    """
    place, seconds = await services_of(request).media_access.locate(db, key, viewer, signed)
    headers = {**_HEADERS, "ETag": f'"{PurePath(key).stem}"', "Cache-Control": _kept(seconds)}
    # Without a time to keep it nobody has it, or it leads elsewhere.
    if seconds and Conditions.by(request.method, request.headers.raw).met_by(
        headers["ETag"].encode(), None
    ):
        return Response(status_code=304, headers=headers)
    match place:
        case Path():
            return MediaResponse(place, headers=headers, media_type=content_type_of(key))
        case RemoteFile():
            return RemoteResponse(place, headers=headers, media_type=content_type_of(key))
        case Address():
            kept = {"Cache-Control": _followed(place, seconds)}
            return RedirectResponse(place.url, headers={**_HEADERS, **kept})


def _kept(seconds: int) -> str:
    if seconds == FOR_EVER:
        return IMMUTABLE
    return f"private, max-age={seconds}" if seconds else PRIVATE


def _followed(place: Address, seconds: int) -> str:
    """How long a redirect may be remembered."""
    if place.public:
        return f"public, max-age={place.seconds}" if place.seconds else "public, no-cache"
    # Whoever follows it at the last moment has as long again to read.
    return _kept(min(seconds, place.seconds // 2))
