"""What all tests share: one application, one database, swept clean after each test."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import hypothesis
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import event
from tests.databases import Sweeper, can_create_databases, database_url, server_url
from tests.factories.buckets import S3Server, running_s3
from tests.factories.clients import make_client
from tests.factories.users import make_access_token, make_user
from tests.sql_server import must_compile

from portfolio.core import environment
from portfolio.core.config import (
    DatabaseSettings,
    Group,
    LimitSettings,
    LoggingSettings,
    SecuritySettings,
    ServerSettings,
    Settings,
    SiteSettings,
    StorageSettings,
)
from portfolio.core.config.server import cores
from portfolio.core.context import RequestContext, enter
from portfolio.db.session import Database
from portfolio.db.sqlite import InlineReader
from portfolio.main import create_app
from portfolio.models.users import Role, User
from portfolio.wiring import Services

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
# How SQLite begins, and the outbox worker, who asks for jobs whenever it likes.
UNCOUNTED = ("BEGIN", "UPDATE outbox_jobs", "DELETE FROM outbox_jobs")
# What a listener of the test before may still look at.
LIVE = "FROM live_events"
OUT_OF_REACH = dict.fromkeys(LimitSettings.model_fields.keys() - {"enabled"}, "1000000000/minute")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """One more than there are cores: tests that begin a process or wait for one leave them idle.

    But one where a server was given that lets us make no databases of our own.
    """
    return 1 + cores() if server_url() is None or can_create_databases() else 1


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_this_machine() -> Iterator[None]:
    """Neither variables nor a .env file of whoever runs the tests reach them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in environment.variables():
            patch.delenv(name, raising=False)
        for group in Settings.model_fields.values():
            if isinstance(group.annotation, type) and issubclass(group.annotation, Group):
                patch.setitem(group.annotation.model_config, "env_file", None)
        yield


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data_dir = tmp_path_factory.mktemp("data")
    return Settings(
        server=ServerSettings(environment="test", workers=1, public_url="http://test"),
        # Many at once may wait as long as this machine needs.
        database=DatabaseSettings(url=database_url(data_dir), pool_timeout=60),
        security=SecuritySettings(
            secret_key=SecretStr("k" * 32), password_pepper=SecretStr("p" * 32), bcrypt_cost=4
        ),
        # On, and out of reach: all tests are one client.
        limits=LimitSettings.model_validate(OUT_OF_REACH),
        storage=StorageSettings(data_dir=data_dir),
        site=SiteSettings(url="https://example.com", name="Example"),
        logging=LoggingSettings(level="error"),
    )


@pytest.fixture(scope="session")
async def app(settings: Settings, anyio_backend: str) -> AsyncIterator[FastAPI]:
    application = create_app(settings)
    services: Services = application.state.services
    engines = services.database.engines
    async with application.router.lifespan_context(application):
        # From here on: to look at the schema, SQLAlchemy itself asks each database differently.
        for engine in {engines.write.sync_engine, engines.read.sync_engine}:
            must_compile(engine)
        # A test that wants jobs done has a worker of its own, and no rival for them.
        await services.outbox.stop()
        await services.periodic.stop()
        yield application


@pytest.fixture
async def services(app: FastAPI) -> AsyncIterator[Services]:
    found: Services = app.state.services
    # All tests share one task: who asked last in the test before is gone.
    enter(RequestContext())
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
    traced: set[sqlite3.Connection] = set()

    def note(statement: str) -> None:
        if not statement.startswith(UNCOUNTED) and LIVE not in statement:
            statements.append(statement)

    def executed(*arguments: object) -> None:
        note(str(arguments[2]))

    def trace(connection: object, *_rest: object) -> None:
        # SQLite's readers also run statements past SQLAlchemy.
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(note)
            traced.add(connection)

    write, read = database.engines.write.sync_engine, database.engines.read.sync_engine
    event.listen(write, "after_cursor_execute", executed)
    event.listen(read.pool, "checkout", trace)
    if isinstance(read.dialect, InlineReader):
        trace(read.dialect.plain())
    try:
        yield statements
    finally:
        event.remove(write, "after_cursor_execute", executed)
        event.remove(read.pool, "checkout", trace)
        for connection in traced:
            connection.set_trace_callback(None)


@pytest.fixture
def count_queries(database: Database) -> Iterator[list[str]]:
    """The statements run since the test began; clear() it before what is to be counted."""
    with _counting(database) as statements:
        yield statements


@pytest.fixture
async def client(app: FastAPI, services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    """A stranger."""
    async with make_client(app) as anonymous:
        yield anonymous


@pytest.fixture
async def admin(services: Services) -> User:
    """The owner of the site."""
    return await make_user(services, "owner", Role.ADMIN)


@pytest.fixture
async def user(services: Services) -> User:
    return await make_user(services, "reader")


@pytest.fixture
async def admin_client(
    app: FastAPI, services: Services, admin: User
) -> AsyncIterator[httpx2.AsyncClient]:
    async with make_client(app, await make_access_token(services, admin)) as signed_in:
        yield signed_in


@pytest.fixture
async def user_client(
    app: FastAPI, services: Services, user: User
) -> AsyncIterator[httpx2.AsyncClient]:
    async with make_client(app, await make_access_token(services, user)) as signed_in:
        yield signed_in


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with running_s3() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """The STORAGE_URL of an empty bucket."""
    return s3.make_bucket()


@pytest.fixture
def shared_data() -> Path:
    """Real content by others; tests that use it are skipped where it is not there."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder with real content is not there")
    return folder
