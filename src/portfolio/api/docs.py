"""/docs and /redoc: from this server alone, without inline scripts, under a strict CSP."""

import asyncio
import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse, Response

from portfolio.api.route import place
from portfolio.core.config import Settings

_ASSETS = "fastapi_offline"
_FOREVER = "public, max-age=31536000, immutable"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="docs/static/favicon.png?v={release}">
{style}</head>
<body>
<div id="page"></div>
<script src="docs/static/{bundle}?v={release}"></script>
<script src="docs/{name}.js"></script>
</body>
</html>
"""
# Addresses are relative, so that the pages also work below a prefix that a proxy strips.
_SWAGGER = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
});
"""
_REDOC = """Redoc.init("openapi.json", {}, document.getElementById("page"));
"""


class _Assets(StaticFiles):
    def file_response(self, *args: Any, **options: Any) -> Response:
        answer = super().file_response(*args, **options)
        answer.headers["Cache-Control"] = _FOREVER
        return answer


def install(app: FastAPI, settings: Settings) -> None:
    """Serve the schema and its two pages; nothing at all where the settings say so.

    The app itself must be made with openapi_url, docs_url and redoc_url None.
    """
    if not settings.server.serves_docs:
        return
    folder = Path(str(files(_ASSETS).joinpath("static")))
    app.mount("/docs/static", _Assets(directory=folder), name="docs-static")
    place(app, _router(app, settings))


def _router(app: FastAPI, settings: Settings) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    release = version(_ASSETS)
    schema: list[bytes] = []

    def page(name: str, bundle: str, policy: str, style: str = "") -> HTMLResponse:
        title = f"{app.title} - {name}"
        return HTMLResponse(
            _PAGE.format(title=title, name=name, bundle=bundle, style=style, release=release),
            headers={"Content-Security-Policy": policy},
        )

    @router.get("/openapi.json")
    async def openapi() -> Response:
        if not schema:
            # It takes a second to make, the first time.
            made = await asyncio.to_thread(app.openapi)
            schema.append(json.dumps(made, ensure_ascii=False).encode())
        return Response(schema[0], media_type="application/json")

    @router.get("/docs")
    async def swagger() -> Response:
        style = f'<link rel="stylesheet" href="docs/static/swagger-ui.css?v={release}">\n'
        return page("swagger", "swagger-ui-bundle.js", _policy(_connect(settings)), style)

    @router.get("/redoc")
    async def redoc() -> Response:
        # It writes its style sheet at run time and searches in a worker made of a blob.
        policy = _policy("connect-src 'self'", " 'unsafe-inline'") + "; worker-src blob:"
        return page("redoc", "redoc.standalone.js", policy)

    @router.get("/docs/swagger.js")
    async def swagger_script() -> Response:
        return Response(_SWAGGER, media_type="text/javascript")

    @router.get("/docs/redoc.js")
    async def redoc_script() -> Response:
        return Response(_REDOC, media_type="text/javascript")

    return router


def _connect(settings: Settings) -> str:
    # "Try it out" calls the address in the schema, which may not be the one that served the page.
    parts = urlsplit(settings.server.public_url or "")
    return (
        f"connect-src 'self' {parts.scheme}://{parts.netloc}"
        if parts.netloc
        else "connect-src 'self'"
    )


def _policy(connect: str, styles: str = "") -> str:
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'{styles}; img-src 'self' data:; "
        f"{connect}; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'"
    )
