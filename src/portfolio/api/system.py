"""What operators and machines ask: is it alive, is it ready, how is it doing, which versions."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import BaseModel

from portfolio import __version__
from portfolio.api.errors import errors
from portfolio.api.middleware.proxies import within
from portfolio.api.problem import problem
from portfolio.api.route import door_router
from portfolio.core.config import ServerSettings
from portfolio.core.context import current
from portfolio.core.errors import NotFoundException, UnavailableException

APP_NAME = "Portfolio API"
_PATIENCE = 2.0
_UNFIT = {"down", "draining"}

Check = Callable[[], Awaitable[dict[str, str]]]


class Health(BaseModel):
    status: Literal["healthy"] = "healthy"
    app: str = APP_NAME
    version: str = __version__


class Liveness(BaseModel):
    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    checks: dict[str, str]


class Version(BaseModel):
    version: str
    status: Literal["current", "deprecated", "retired"]
    path: str
    released: date


class Versions(BaseModel):
    versions: list[Version]


VERSIONS = Versions(
    versions=[Version(version="v1", status="current", path="/api/v1", released=date(2026, 11, 23))]
)


async def never_cached(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


def router(settings: ServerSettings, check: Check) -> APIRouter:
    """The routes outside of /api/v1.

    `check` gives the state of each dependency: `down` or `draining` makes the server unready,
    any other word only informs.
    """
    routes = door_router("system")
    fresh = [Depends(never_cached)]

    @routes.get("/health", dependencies=fresh, summary="Is the server healthy?")
    async def health() -> Health:
        return Health()

    @routes.get("/health/live", dependencies=fresh, summary="Is the process alive?")
    async def health_live() -> Liveness:
        return Liveness()

    @routes.get(
        "/health/ready",
        dependencies=fresh,
        summary="Can the server take requests?",
        response_model=Readiness,
        responses=errors(UnavailableException),
    )
    async def health_ready(request: Request) -> Readiness | Response:
        states = await _states(check)
        # The server's word, from the lifespan's state of ASGI.
        if request.scope.get("state", {}).get("draining"):
            states |= {"server": "draining"}
        if _UNFIT.isdisjoint(states.values()):
            return Readiness(checks=states)
        away = ", ".join(f"{name} is {state}" for name, state in states.items() if state in _UNFIT)
        return problem(
            UnavailableException, f"Not ready: {away}", headers={"Retry-After": "2"}, checks=states
        )

    @routes.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if not _may_read_metrics(request, settings):
            raise NotFoundException
        return Response(
            generate_latest(_registry()),
            headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
        )

    @routes.get("/api", summary="The versions of this API")
    async def list_versions() -> Versions:
        return VERSIONS

    return routes


async def _states(check: Check) -> dict[str, str]:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check()
    except TimeoutError:
        return {"checks": "down"}


def _may_read_metrics(request: Request, settings: ServerSettings) -> bool:
    # A proxy that nobody declared would lend its own address to all the world.
    hidden = "x-forwarded-for" in request.headers and not settings.trusted_proxies
    return not hidden and within(current().client, settings.metrics_clients)


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    every_worker = CollectorRegistry()
    MultiProcessCollector(every_worker)  # type: ignore[no-untyped-call]  # it has no annotations
    return every_worker
