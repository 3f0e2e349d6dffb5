"""What all tests share: one application, one database, swept clean after each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import event
from tests.databases import Sweeper, can_create_databases, database_url, server_url
from tests.sql_server import must_compile

from portfolio.core.config import (
    DatabaseSettings,
    LoggingSettings,
    SecuritySettings,
    ServerSettings,
    Settings,
    SiteSettings,
    StorageSettings,
)
from portfolio.db.session import Database
from portfolio.main import create_app, prepare
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate
from portfolio.wiring import Services

PASSWORD = "correct horse battery staple"


def pytest_xdist_auto_num_workers() -> int | None:
    """One worker where a server was given that lets us make no databases of our own."""
    return None if server_url() is None or can_create_databases() else 1


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data_dir = tmp_path_factory.mktemp("data")
    return Settings(
        server=ServerSettings(environment="test", public_url="http://test"),
        database=DatabaseSettings(url=database_url(data_dir)),
        security=SecuritySettings(
            secret_key=SecretStr("k" * 32), password_pepper=SecretStr("p" * 32), bcrypt_cost=4
        ),
        storage=StorageSettings(data_dir=data_dir),
        site=SiteSettings(url="https://example.com", name="Example"),
        logging=LoggingSettings(level="error"),
    )


@pytest.fixture(scope="session")
async def app(settings: Settings, anyio_backend: str) -> AsyncIterator[FastAPI]:
    application = create_app(settings)
    services: Services = application.state.services
    engines = services.database.engines
    for engine in {engines.write.sync_engine, engines.read.sync_engine}:
        must_compile(engine)
    await prepare(services)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def services(app: FastAPI) -> AsyncIterator[Services]:
    found: Services = app.state.services
    sweeper = Sweeper(found.database)
    with sweeper.watching():
        yield found
    await sweeper.sweep()


@pytest.fixture
def database(services: Services) -> Database:
    return services.database


@contextmanager
def _counting(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    engines = {database.engines.write.sync_engine, database.engines.read.sync_engine}
    for engine in engines:
        event.listen(engine, "after_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "after_cursor_execute", note)


@pytest.fixture
def count_queries(database: Database) -> Iterator[list[str]]:
    """The statements run since the test began; clear() it before what is to be counted."""
    with _counting(database) as statements:
        yield statements


@pytest.fixture
async def client(app: FastAPI, services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    """A stranger."""
    async with _client(app) as anonymous:
        yield anonymous


@pytest.fixture
async def admin(services: Services) -> User:
    """The owner of the site."""
    return await _account(services, "owner", Role.ADMIN)


@pytest.fixture
async def user(services: Services) -> User:
    return await _account(services, "reader", Role.USER)


@pytest.fixture
async def admin_client(
    app: FastAPI, services: Services, admin: User
) -> AsyncIterator[httpx2.AsyncClient]:
    async with _client(app, await _token(services, admin)) as signed_in:
        yield signed_in


@pytest.fixture
async def user_client(
    app: FastAPI, services: Services, user: User
) -> AsyncIterator[httpx2.AsyncClient]:
    async with _client(app, await _token(services, user)) as signed_in:
        yield signed_in


@pytest.fixture
def shared_data() -> Path:
    """Real content by others; tests that use it are skipped where it is not there."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder with real content is not there")
    return folder


def _client(app: FastAPI, token: str | None = None) -> httpx2.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers)


async def _account(services: Services, name: str, role: Role) -> User:
    data = UserCreate(email=f"{name}@example.com", username=name, password=PASSWORD)
    async with services.database.transaction() as db:
        return await services.users.create(db, data, role)


async def _token(services: Services, account: User) -> str:
    async with services.database.transaction() as db:
        return (await services.auth.open_session(db, account)).access_token
