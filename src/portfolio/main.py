"""The composition root."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.routing import WebSocketRoute

from portfolio import __version__
from portfolio.adapters.cache import CacheAwayError
from portfolio.api import docs, errors, media, moved, openapi, system
from portfolio.api.live import events, websocket
from portfolio.api.middleware import stack
from portfolio.api.pages import account, setup
from portfolio.api.route import place
from portfolio.api.v1 import router
from portfolio.core import environment, logs
from portfolio.core.config import Settings
from portfolio.wiring import build_services
from portfolio.wiring.preparation import prepare


def create_app(settings: Settings | None = None, *, prepared: bool = False) -> FastAPI:
    """The application, ready for a server, which need not prepare() again. Raises SettingsError."""
    settings = settings or environment.load()
    logs.configure(settings.logging)
    services = build_services(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        if not prepared:
            await prepare(services)
        # Whoever was killed may not have said what it changed last.
        with suppress(CacheAwayError):
            await services.cache.purge()
        services.outbox.start()
        services.periodic.start()
        # What is there now stays: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        # The server calls it when it is asked to end, so that nobody waits for streams.
        yield {"end_live": services.hub.end}
        await services.hub.stop()
        await services.outbox.stop()
        await services.periodic.stop()
        await services.close()

    app = stack.Application(
        title=system.APP_NAME,
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Asks the environment on every request whether somebody wants it: a twentieth of a read.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.services = services
    kept = (services.cache, services.schedule) if settings.cache.enabled else None
    stack.install(app, settings, services.limits, kept)
    errors.install(app)
    moved.install(app)
    # Routes are tried in this order: what is asked for most stands first.
    router.include_in(app)
    for rest in (
        events.router,
        media.router,
        system.router(settings.server, services.readiness.states),
        setup.router(settings),
        account.router(settings),
    ):
        place(app, rest)
    app.routes.append(WebSocketRoute(websocket.PATH, websocket.LiveSocket(services), name="live"))
    docs.install(app, settings)
    openapi.install(app, settings)
    return app
