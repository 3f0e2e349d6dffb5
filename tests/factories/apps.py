"""The whole application, small ones that wear every HTTP layer of it, and two ways to call them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, FastAPI
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr

from portfolio.adapters.limiter import create_limits
from portfolio.api import docs, errors, openapi, system
from portfolio.api.middleware import stack
from portfolio.core.config import (
    CacheSettings,
    LimitSettings,
    SecuritySettings,
    ServerSettings,
    Settings,
    StorageSettings,
)
from portfolio.main import create_app

Header = tuple[bytes, bytes]
HOST: Header = (b"host", b"testserver")


def make_application(data_dir: Path, **storage: Any) -> FastAPI:
    """The real one, to be looked at: it connects to nothing before it is started."""
    security = SecuritySettings(secret_key=SecretStr("k" * 32), password_pepper=SecretStr("p" * 32))
    server, place = ServerSettings(workers=1), StorageSettings(data_dir=data_dir, **storage)
    return create_app(Settings(server=server, security=security, storage=place))


async def all_is_well() -> dict[str, str]:
    return {"database": "ok"}


def make_app(
    *routers: APIRouter,
    check: system.Check = all_is_well,
    cache: CacheSettings | None = None,
    limits: LimitSettings | None = None,
    **server: Any,
) -> FastAPI:
    """A small one with these routes."""
    settings = Settings(
        server=ServerSettings(**{"workers": 1} | server),
        cache=cache or CacheSettings(),
        limits=limits or LimitSettings(),
    )
    app = stack.Application(
        title="Portfolio API",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    # All that a door needs of them.
    app.state.services = SimpleNamespace(staging=SimpleNamespace(path=Path(gettempdir())))
    errors.install(app)
    stack.install(app, settings, create_limits(settings))
    docs.install(app, settings)
    openapi.install(app, settings)
    app.include_router(system.router(settings.server, check))
    for router in routers:
        app.include_router(router)
    return app


def client_of(app: FastAPI, address: str = "127.0.0.1") -> AsyncClient:
    transport = ASGITransport(app=app, client=(address, 50000))
    return AsyncClient(transport=transport, base_url="http://testserver")


@dataclass(frozen=True)
class RawAnswer:
    status: int
    headers: dict[str, str]
    body: bytes


async def ask(
    app: FastAPI,
    target: bytes = b"/health",
    *,
    method: str = "GET",
    headers: Iterable[Header] = (HOST,),
    chunks: Iterable[bytes] = (b"",),
    scheme: str = "http",
    address: str = "127.0.0.1",
) -> RawAnswer:
    """Call the app with exactly these bytes, as a server would that checks nothing."""
    path, _, query = target.partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": list(headers),
        "client": (address, 50000),
        "server": ("testserver", 80),
    }
    pending = [*chunks]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not pending:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pending.pop(0), "more_body": bool(pending)}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    return RawAnswer(
        status=start["status"],
        headers={name.decode(): value.decode("latin-1") for name, value in start["headers"]},
        body=b"".join(message.get("body", b"") for message in rest),
    )
