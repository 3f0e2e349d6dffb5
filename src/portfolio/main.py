"""The composition root."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from portfolio import __version__
from portfolio.api import docs, errors, media, moved, openapi, system
from portfolio.api.middleware import stack
from portfolio.api.pages import account, setup
from portfolio.api.v1 import router
from portfolio.core import environment, logs
from portfolio.core.config import Settings
from portfolio.core.errors import UnavailableException
from portfolio.db import migrate
from portfolio.wiring import Services, build_services


async def prepare(services: Services) -> None:
    """Bring schema and first admin into being; done at every start, by every process."""
    database = services.database
    await migrate.upgrade(database.engines.write)
    async with database.transaction() as db:
        await services.posts.recount(db)
        await services.users.ensure_first_admin(db, services.settings.security)
    renewed = 1
    while renewed:
        async with database.transaction() as db:
            renewed = await services.cards.renew_outdated(db)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, ready for a server. Raises SettingsError."""
    settings = settings or environment.load()
    logs.configure(settings.logging)
    services = build_services(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await prepare(services)
        services.outbox.start()
        services.periodic.start()
        # What is there now stays: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        yield
        await services.outbox.stop()
        await services.periodic.stop()
        await services.close()

    async def check() -> dict[str, str]:
        states = {"database": "up"}
        try:
            await services.database.check()
        except UnavailableException:
            states["database"] = "down"
        if services.redis is not None:
            states["redis"] = await services.redis.state()
        return states

    app = FastAPI(
        title=system.APP_NAME,
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.services = services
    stack.install(app, settings, services.limits)
    errors.install(app)
    moved.install(app)
    # Routes are tried in this order: what is asked for most stands first.
    router.include_in(app)
    app.include_router(media.router)
    app.include_router(system.router(settings.server, check))
    app.include_router(setup.router(settings))
    app.include_router(account.router(settings))
    docs.install(app, settings)
    openapi.install(app, settings)
    return app
