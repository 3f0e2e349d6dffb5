"""Limits of single routes."""

from typing import Any

from fastapi import Depends, Request

from portfolio.adapters.limiter import LimitName, client_key
from portfolio.api.middleware.limits import COUNTED
from portfolio.wiring import Services


def limited(name: LimitName) -> Any:
    """For `dependencies=`: count() against the client of the request."""

    async def count_client(request: Request) -> None:
        await count(request, name, client_key())

    return Depends(count_client)


async def count(request: Request, name: LimitName, key: str) -> None:
    """Count the request against this key. Raises RateLimitedException.

    Once for each request, also where the database asks for all of it again.
    """
    counted: set[LimitName] = request.scope.setdefault(COUNTED, set())
    if name not in counted:
        counted.add(name)
        services: Services = request.app.state.services
        await services.limits.hit(name, key)
