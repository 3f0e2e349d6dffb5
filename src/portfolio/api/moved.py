"""308 from a former address to the present one (RFC 9110, 15.4.9)."""

from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.responses import Response

from portfolio.api.problem import refusal
from portfolio.core.errors import MovedException


def install(app: FastAPI) -> None:
    async def handle(request: Request, error: Exception) -> Response:
        if not isinstance(error, MovedException):
            raise error
        old = request.path_params.get("ref") or request.path_params["address"]
        head, _, tail = request.scope["path"].partition(f"/{error.kind}/{old}")
        query = f"?{request.url.query}" if request.url.query else ""
        answer = refusal(error)
        answer.headers["Location"] = quote(f"{head}/{error.kind}/{error.slug}{tail}") + query
        del answer.headers["Cache-Control"]
        return answer

    app.add_exception_handler(MovedException, handle)
