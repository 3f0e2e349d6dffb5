"""Stored files, served so that whatever they hold stays a picture (SVG can carry scripts)."""

from pathlib import PurePath

from fastapi import Request
from starlette.responses import (
    FileResponse,
    MalformedRangeHeader,
    RangeNotSatisfiable,
    Response,
)

from portfolio.adapters.storage import content_type_of
from portfolio.api.deps import services_of
from portfolio.api.errors import errors
from portfolio.api.route import door_router
from portfolio.core.errors import NotFoundException, RangeNotSatisfiableException

_HEADERS = {
    # The content under a key never changes.
    "Cache-Control": "public, max-age=31536000, immutable",
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


@router.get(
    "/media/{key:path}",
    response_class=MediaResponse,
    responses={
        200: {"description": "The file", "content": {"image/*": {}}},
        206: {"description": "The part of it that Range asked for"},
        304: {"description": "The file that If-None-Match names"},
        **errors(NotFoundException, RangeNotSatisfiableException),
    },
)
async def get_media(key: str, request: Request) -> Response:
    """A stored file. Whoever knows its key may read it; nobody can guess one."""
    path = await services_of(request).storage.locate(key)
    if path is None:
        raise NotFoundException
    headers = {**_HEADERS, "ETag": f'"{PurePath(key).stem}"'}
    if headers["ETag"] in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return MediaResponse(path, headers=headers, media_type=content_type_of(key))
