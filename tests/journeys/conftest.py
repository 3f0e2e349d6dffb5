"""Real servers on free ports, and what stands around them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
from tests.databases import scratch_database
from tests.factories.post_offices import PostOffice
from tests.factories.redis import RedisServer, running_redis
from tests.factories.servers import Server, running_server
from tests.factories.visitors import Owner, Visitor


class Serve(Protocol):
    async def __call__(self, **variables: str) -> Server:
        """One more server on the database of this test."""
        ...


class Visit(Protocol):
    async def __call__(self, server: Server, name: str = "ada") -> Visitor: ...


class Manage(Protocol):
    async def __call__(self, server: Server) -> Owner: ...


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    with scratch_database(tmp_path) as url:
        yield url


@pytest.fixture
async def serve(tmp_path: Path, database_url: str) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:
        count = 0

        async def start(**variables: str) -> Server:
            nonlocal count
            count += 1
            variables = {"DATABASE_URL": database_url} | variables
            running = running_server(tmp_path / f"server{count}", **variables)
            return await stack.enter_async_context(running)

        yield start


@pytest.fixture
async def post_office() -> AsyncIterator[PostOffice]:
    office = PostOffice()
    await office.open()
    yield office
    await office.close()


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with running_redis() as server:
        yield server


@pytest.fixture
async def visit(post_office: PostOffice) -> AsyncIterator[Visit]:
    """Somebody new at a server, whose mail comes to the post office."""
    async with AsyncExitStack() as stack:

        async def arrive(server: Server, name: str = "ada") -> Visitor:
            client = await stack.enter_async_context(server.client())
            return Visitor(client, name, letters=post_office)

        yield arrive


@pytest.fixture
async def manage() -> AsyncIterator[Manage]:
    """The owner of the site, signed in at a server."""
    async with AsyncExitStack() as stack:

        async def arrive(server: Server) -> Owner:
            owner = Owner(await stack.enter_async_context(server.client()))
            await owner.log_in()
            return owner

        yield arrive
