"""What the tests of commands share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from portfolio.core import environment
from portfolio.db import migrate
from portfolio.wiring import Services, build_services

T = TypeVar("T")


def there(work: Callable[[Services], Awaitable[T]]) -> T:
    """Do it with the services of an application on the database that the variables name."""

    async def done() -> T:
        async with build_services(environment.load()) as services:
            await migrate.upgrade(services.database.engines.write)
            return await work(services)

    return asyncio.run(done())
