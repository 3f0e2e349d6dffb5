"""Answers about what is not public lead to its files by addresses that work for a while."""

import orjson
from fastapi import Request
from starlette.responses import Response

from portfolio.core.context import current
from portfolio.core.media_links import MediaLinks


def _is_json(response: Response) -> bool:
    return response.headers.get("Content-Type") == "application/json"


def sign_addresses(request: Request, response: Response) -> Response:
    """The response as it is, unless it shows something unpublished."""
    if not current().shows_unpublished or not _is_json(response):
        return response
    links: MediaLinks = request.app.state.services.media_access.links
    response.body = orjson.dumps(links.signed(orjson.loads(response.body)))
    response.headers["Content-Length"] = str(len(response.body))
    return response
