"""What strangers read from a standby of PostgreSQL, and what never comes from there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError
from tests.databases import server_url
from tests.factories.clients import make_client
from tests.factories.replicas import Standby, running_pair
from tests.factories.users import make_access_token, make_user
from tests.with_postgres import DATABASE, Cluster

from portfolio.api.deps import DbRead
from portfolio.api.route import Door
from portfolio.core.config import (
    CacheSettings,
    DatabaseSettings,
    LimitSettings,
    LoggingSettings,
    SecuritySettings,
    ServerSettings,
    Settings,
    StorageSettings,
)
from portfolio.core.environment import SettingsError
from portfolio.core.errors import (
    InvalidInputException,
    NotFoundException,
    RetryableException,
)
from portfolio.core.events import EventBus
from portfolio.db.engine import Engines, create_engines
from portfolio.db.replica import Replica
from portfolio.db.session import Database
from portfolio.main import create_app
from portfolio.models.users import Role
from portfolio.wiring import Services

POSTS = "/api/v1/posts"
READY = "/health/ready"
ASK = text("SELECT pg_is_in_recovery()")
STARTING = 30  # seconds, on a machine that has other things to do


class Conflict(Exception):
    """As PostgreSQL breaks off a statement that is in the way of what is to be repeated."""

    sqlstate = "40001"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Cluster, Standby]]:
    url = server_url()
    if url is not None and url.get_backend_name() != "sqlite":
        pytest.skip("starts servers of its own, which the run on SQLite does")
    with running_pair() as pair:
        yield pair


@pytest.fixture(scope="module")
def standby(servers: tuple[Cluster, Standby]) -> Standby:
    return servers[1]


@pytest.fixture(scope="module")
async def app(
    servers: tuple[Cluster, Standby], tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[FastAPI]:
    """With all that goes on behind the scenes, and no cache in front."""
    primary, replica = servers
    settings = Settings(
        server=ServerSettings(environment="test", public_url="http://test"),
        database=DatabaseSettings(url=primary.url, replica_url=replica.url, pool_timeout=60),
        security=SecuritySettings(
            secret_key=SecretStr("k" * 32), password_pepper=SecretStr("p" * 32), bcrypt_cost=4
        ),
        limits=LimitSettings(enabled=False),
        cache=CacheSettings(enabled=False),
        storage=StorageSettings(data_dir=tmp_path_factory.mktemp("data")),
        logging=LoggingSettings(level="error"),
    )
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture(scope="module")
def services(app: FastAPI) -> Services:
    found: Services = app.state.services
    return found


@pytest.fixture(scope="module")
def database(services: Services) -> Database:
    return services.database


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A stranger."""
    async with make_client(app) as anonymous:
        yield anonymous


@pytest.fixture(scope="module")
async def admin_client(app: FastAPI, services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    owner = await make_user(services, "owner", Role.ADMIN)
    async with make_client(app, await make_access_token(services, owner)) as signed_in:
        yield signed_in


@pytest.fixture
async def post(database: Database, admin_client: httpx2.AsyncClient) -> str:
    """The address of one that the standby has, and serves."""
    body = {"title": "A post", "status": "published"}
    created = await admin_client.post(POSTS, json=body)
    await level(database)
    return f"{POSTS}/{created.json()['id']}"


async def level(database: Database) -> None:
    """Returns once strangers read from the standby."""
    async with asyncio.timeout(STARTING):
        while not await from_standby(database):  # noqa: ASYNC110 - another server sets no event
            await asyncio.sleep(0.01)


async def from_standby(database: Database, *, public: bool = True) -> bool:
    async with database.reading(public=public) as db:
        return bool((await db.execute(ASK)).scalar_one())


async def read_twice(database: Database, between: Callable[[], Awaitable[None]]) -> None:
    async with database.reading(public=True) as db:
        assert (await db.execute(ASK)).scalar_one()
        await between()
        await db.execute(ASK)


async def state(client: httpx2.AsyncClient) -> str:
    answer = await client.get(READY)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["checks"]["replica"])


async def turns(client: httpx2.AsyncClient, wanted: str) -> None:
    async with asyncio.timeout(STARTING):
        while await state(client) != wanted:  # noqa: ASYNC110 - another server sets no event
            await asyncio.sleep(0.01)


def reads() -> dict[str, float]:
    """How many there were for strangers, by the server that answered."""
    name = "database_public_reads_total"
    return {
        server: REGISTRY.get_sample_value(name, {"server": server}) or 0
        for server in ("replica", "primary")
    }


async def title(client: httpx2.AsyncClient, post: str) -> str:
    answer = await client.get(post)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["title"])


@asynccontextmanager
async def paused(standby: Standby) -> AsyncIterator[None]:
    """What is written meanwhile does not show on the standby."""
    await standby.pause()
    try:
        yield
    finally:
        await standby.resume()


@asynccontextmanager
async def stopped(standby: Standby) -> AsyncIterator[None]:
    await asyncio.to_thread(standby.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(standby.start)


class TestStrangers:
    async def test_read_from_the_standby(self, client: httpx2.AsyncClient, post: str) -> None:
        before = reads()
        assert await title(client, post) == "A post"
        assert (await client.get(POSTS)).json()["total"] >= 1
        assert reads() == {**before, "replica": before["replica"] + 2}

    async def test_cannot_write_there(self, database: Database, post: str) -> None:
        async with database.reading(public=True) as db:
            shown = (await db.execute(text("SHOW default_transaction_read_only"))).scalar_one()
        assert shown == "on"

    async def test_see_at_once_what_was_written(
        self, client: httpx2.AsyncClient, admin_client: httpx2.AsyncClient, post: str
    ) -> None:
        before = reads()
        for number in range(100):
            wanted = f"Version {number}"
            answer = await admin_client.patch(post, json={"title": wanted})
            assert answer.status_code == 200, answer.text
            assert await title(client, post) == wanted
        after = reads()
        assert sum(after.values()) == sum(before.values()) + 100

    async def test_see_what_was_written_while_the_standby_stood_still(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        standby: Standby,
        database: Database,
        post: str,
    ) -> None:
        async with paused(standby):
            # Nothing changed yet: the standby is as good as the primary.
            assert await from_standby(database)
            await admin_client.patch(post, json={"title": "Unseen there"})
            assert await title(client, post) == "Unseen there"
            await turns(client, "behind")
            before = reads()
            assert await title(client, post) == "Unseen there"
            assert reads() == {**before, "primary": before["primary"] + 1}
        await level(database)
        assert await state(client) == "up"
        assert await title(client, post) == "Unseen there"


class TestOthers:
    async def test_who_are_signed_in_read_from_the_primary(
        self, admin_client: httpx2.AsyncClient, post: str
    ) -> None:
        before = reads()
        assert await title(admin_client, post) == "A post"
        assert reads() == before

    async def test_with_a_token_in_the_address_read_from_the_primary(
        self, client: httpx2.AsyncClient, admin_client: httpx2.AsyncClient, post: str
    ) -> None:
        before = reads()
        link = (await admin_client.post(f"{post}/preview-links")).json()["url"]
        assert (await client.get(link)).status_code == 200
        assert reads() == before

    async def test_of_the_house_read_from_the_primary(self, database: Database, post: str) -> None:
        assert not await from_standby(database, public=False)


class TestLosing:
    async def test_the_standby_costs_no_answer(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        standby: Standby,
        database: Database,
        post: str,
    ) -> None:
        async with stopped(standby):
            assert await title(client, post) == "A post"
            await turns(client, "away")
            await admin_client.patch(post, json={"title": "Written meanwhile"})
            before = reads()
            assert await title(client, post) == "Written meanwhile"
            assert reads() == {**before, "primary": before["primary"] + 1}
        await level(database)
        assert await state(client) == "up"
        assert await title(client, post) == "Written meanwhile"

    async def test_the_standby_under_load_costs_no_answer(
        self, client: httpx2.AsyncClient, standby: Standby, database: Database, post: str
    ) -> None:
        ended = asyncio.Event()

        async def visit() -> int:
            count = 0
            while not ended.is_set():
                assert await title(client, post) == "A post"
                count += 1
            return count

        visitors = [asyncio.create_task(visit()) for _ in range(8)]
        async with stopped(standby):
            await turns(client, "away")
        await level(database)
        ended.set()
        assert all(await asyncio.gather(*visitors))

    async def test_a_connection_has_the_request_run_again(
        self, database: Database, standby: Standby, post: str
    ) -> None:
        with pytest.raises(RetryableException):
            await read_twice(database, standby.cut)
        assert not await from_standby(database)
        await level(database)

    async def test_a_statement_has_the_request_run_again(
        self, database: Database, post: str
    ) -> None:
        with pytest.raises(RetryableException):
            async with database.reading(public=True):
                raise DBAPIError(None, None, Conflict())
        assert not await from_standby(database)
        await level(database)

    async def test_is_not_what_a_wrong_question_does(self, database: Database, post: str) -> None:
        with pytest.raises(InvalidInputException):
            async with database.reading(public=True):
                raise DataError(None, None, Exception())
        with pytest.raises(NotFoundException):
            async with database.reading(public=True):
                raise NotFoundException
        assert await from_standby(database)

    async def test_leads_to_the_primary_the_second_time(
        self, app: FastAPI, client: httpx2.AsyncClient, post: str
    ) -> None:
        asked: list[bool] = []
        router = APIRouter(route_class=Door)

        @router.get("/twice")
        async def ask_twice(db: DbRead) -> list[bool]:
            asked.append((await db.execute(ASK)).scalar_one())
            if len(asked) == 1:
                raise RetryableException
            return asked

        app.include_router(router)
        assert (await client.get("/twice")).json() == [True, False]


class Counter:
    """How often public content changed, as far as anybody knows."""

    number: int | None = 0

    async def __call__(self) -> int | None:
        return self.number


class TestProof:
    @pytest.fixture
    def counter(self) -> Counter:
        return Counter()

    @pytest.fixture
    async def engines(self, services: Services) -> AsyncIterator[Engines]:
        made = create_engines(services.settings)
        yield made
        await made.dispose()

    @pytest.fixture
    def replica(self, engines: Engines, counter: Counter) -> Replica:
        assert engines.replica is not None
        return Replica(engines.replica, engines.write, counter)

    @pytest.fixture
    def own(self, engines: Engines, replica: Replica) -> Database:
        """The database with a replica that is watched when we say so."""
        return Database(engines, EventBus(), replica)

    async def test_is_needed_again_after_each_change(
        self, own: Database, replica: Replica, counter: Counter
    ) -> None:
        for number in range(3):
            counter.number = number
            assert not await from_standby(own)
            await replica.watch()
            assert await from_standby(own)

    async def test_is_none_while_nobody_knows_what_changed(
        self, own: Database, replica: Replica, counter: Counter
    ) -> None:
        await replica.watch()
        for number, served in ((None, False), (0, True)):
            counter.number = number
            assert await from_standby(own) == served
        counter.number = None
        await replica.watch()
        assert not await from_standby(own)
        assert replica.state == "behind"

    async def test_is_asked_of_the_very_server_that_is_read_from(
        self, own: Database, replica: Replica, engines: Engines, standby: Standby
    ) -> None:
        assert engines.replica is not None
        await standby.checkpoint()
        await replica.watch()
        await asyncio.to_thread(standby.fall_back)
        await engines.replica.dispose()
        try:
            # It answers, and all seems to be well: but what it shows is older than the proof.
            assert not await from_standby(own)
            assert replica.state == "up"
        finally:
            await asyncio.to_thread(standby.catch_up)

    async def test_is_refused_to_a_server_that_follows_another(
        self, servers: tuple[Cluster, Standby], engines: Engines, counter: Counter
    ) -> None:
        primary, _ = servers
        primary.run("createdb", *primary.address, "stranger")
        url = primary.url.removesuffix(DATABASE) + "stranger"
        stranger = create_engines(Settings(database=DatabaseSettings(url=url)))
        async with stranger.write.begin() as connection:
            await connection.execute(
                text("CREATE TABLE replication_marks AS SELECT 1 AS id, 1000000 AS position")
            )
        replica = Replica(stranger.read, engines.write, counter)
        await replica.watch()
        assert replica.state == "away"
        await stranger.dispose()


class TestSettings:
    @pytest.mark.parametrize(
        ("url", "replica_url", "complaint"),
        [
            (None, "postgresql+asyncpg://u:p@host/name", "SQLite has no replicas"),
            ("postgresql+asyncpg://u:p@host/name", "nonsense", "not a database URL"),
            (
                "postgresql+asyncpg://u:p@host/name",
                "mssql+aioodbc://u:p@host/name",
                r"must begin with postgresql\+asyncpg://",
            ),
            (
                "postgresql+asyncpg://u:p@host/name",
                "sqlite+aiosqlite:////replica.db",
                r"must begin with postgresql\+asyncpg://",
            ),
        ],
    )
    def test_that_name_no_replica_are_refused(
        self, url: str | None, replica_url: str, complaint: str, tmp_path: Path
    ) -> None:
        settings = Settings(
            database=DatabaseSettings(url=url, replica_url=replica_url),
            storage=StorageSettings(data_dir=tmp_path),
        )
        with pytest.raises(SettingsError, match=f"^DATABASE_REPLICA_URL: {complaint}"):
            create_engines(settings)

    def test_are_not_shown_by_repr(self) -> None:
        settings = DatabaseSettings(replica_url="postgresql+asyncpg://u:hidden@host/name")
        assert "hidden" not in repr(settings)
