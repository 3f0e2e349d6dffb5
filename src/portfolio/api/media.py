"""Stored files, served so that whatever they hold stays a picture (SVG can carry scripts)."""

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import stat_result
from pathlib import Path, PurePath
from typing import Any

from fastapi import Request
from starlette.responses import (
    FileResponse,
    MalformedRangeHeader,
    RangeNotSatisfiable,
    RedirectResponse,
    Response,
)
from starlette.types import Send

from portfolio.adapters.storage import IMMUTABLE, Address, RemoteFile, content_type_of
from portfolio.api.conditional import Conditions
from portfolio.api.deps import services_of
from portfolio.api.errors import errors
from portfolio.api.route import door_router
from portfolio.core.errors import (
    NotFoundException,
    RangeNotSatisfiableException,
    UnavailableException,
)

_HEADERS = {
    "Cache-Control": IMMUTABLE,
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
async def get_media(key: str, request: Request) -> Response:
    """A stored file. Whoever knows its key may read it; nobody can guess one."""
    place = await services_of(request).storage.locate(key)
    if place is None:
        raise NotFoundException
    headers = {**_HEADERS, "ETag": f'"{PurePath(key).stem}"'}
    if Conditions.by(request.method, request.headers.raw).met_by(headers["ETag"].encode(), None):
        return Response(status_code=304, headers=headers)
    match place:
        case Path():
            return MediaResponse(place, headers=headers, media_type=content_type_of(key))
        case RemoteFile():
            return RemoteResponse(place, headers=headers, media_type=content_type_of(key))
        case Address():
            kept = {"Cache-Control": _cache_control(place)}
            return RedirectResponse(place.url, headers={**_HEADERS, **kept})


def _cache_control(place: Address) -> str:
    if place.public:
        return f"public, max-age={place.seconds}"
    # Whoever follows it at the last moment has as long again to read.
    return f"private, max-age={place.seconds // 2}"
