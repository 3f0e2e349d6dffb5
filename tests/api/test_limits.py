from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from tests.factories.apps import HOST, ask, client_of
from tests.factories.pictures import png
from tests.factories.redis import RedisServer, running_redis
from tests.factories.users import bearing, make_access_token, make_user

from portfolio.core.config import (
    LimitSettings,
    LoggingSettings,
    RedisSettings,
    SecuritySettings,
    ServerSettings,
    Settings,
    StorageSettings,
)
from portfolio.main import create_app
from portfolio.models.credentials import Scope
from portfolio.models.users import Role
from portfolio.schemas.api_tokens import ApiTokenCreate
from portfolio.wiring import Services

WRONG = {"identifier": "nobody", "password": "not a good one"}
FORM = {"username": "nobody", "password": "not a good one", "grant_type": "password"}
CLAIM = {"token": "x", "email": "a@example.com", "username": "ada", "password": "a good one!"}


@asynccontextmanager
async def running(folder: Path, redis: str | None = None, **limits: str) -> AsyncIterator[FastAPI]:
    """The whole application with an embedded database of its own."""
    secrets = SecuritySettings(
        secret_key=SecretStr("k" * 32), password_pepper=SecretStr("p" * 32), bcrypt_cost=4
    )
    app = create_app(
        Settings(
            server=ServerSettings(environment="test", workers=1),
            redis=RedisSettings(url=redis),
            security=secrets,
            limits=LimitSettings.model_validate(limits),
            storage=StorageSettings(data_dir=folder),
            logging=LoggingSettings(level="error"),
        )
    )
    async with app.router.lifespan_context(app):
        yield app


async def sign_in(client: httpx2.AsyncClient, path: str = "login") -> httpx2.Response:
    sent: dict[str, Any] = {
        "login": {"json": WRONG},
        "token": {"data": FORM},
        "setup": {"json": CLAIM},
    }[path]
    return await client.post(f"/api/v1/auth/{path}", **sent)


@pytest.mark.requirement("17")
class TestLogin:
    @pytest.mark.parametrize("path", ["login", "token", "setup"])
    async def test_is_limited_for_each_client(self, tmp_path: Path, path: str) -> None:
        async with running(tmp_path, login="3/minute") as app, client_of(app) as client:
            answers = [await sign_in(client, path) for _ in range(4)]
            assert 429 not in [answer.status_code for answer in answers[:3]]
            assert answers[3].status_code == 429
            assert answers[3].json()["code"] == "rate_limited"
            async with client_of(app, "203.0.113.9") as other:
                assert (await sign_in(other, path)).status_code != 429

    async def test_is_one_limit_whatever_the_way(self, tmp_path: Path) -> None:
        async with running(tmp_path, login="2/minute") as app, client_of(app) as client:
            paths = ["login", "token", "setup"]
            answers = [(await sign_in(client, path)).status_code for path in paths]
        assert answers == [401, 401, 429]

    async def test_says_what_is_left_of_it_rather_than_of_all_writes(self, tmp_path: Path) -> None:
        async with running(tmp_path) as app, client_of(app) as client:
            answer = await sign_in(client)
        assert answer.headers.get_list("ratelimit-policy") == [
            '"login";q=10;w=60, "login_hour";q=60;w=3600'
        ]
        assert answer.headers.get_list("ratelimit") == [
            '"login";r=9;t=60, "login_hour";r=59;t=3600'
        ]

    async def test_says_once_that_it_is_used_up(self, tmp_path: Path) -> None:
        async with running(tmp_path, login="1/minute") as app, client_of(app) as client:
            await sign_in(client)
            answer = await sign_in(client)
        assert answer.headers.get_list("ratelimit-policy") == ['"login";q=1;w=60']
        assert answer.headers.get_list("ratelimit") == ['"login";r=0;t=60']
        assert answer.headers["retry-after"] == "60"

    async def test_counts_a_body_that_says_nothing(self, tmp_path: Path) -> None:
        async with running(tmp_path, login="1/minute") as app, client_of(app) as client:
            answers = [await client.post("/api/v1/auth/login", json={}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [422, 429]


async def api_token(app: FastAPI) -> str:
    services: Services = app.state.services
    owner = await make_user(services, "owner", Role.ADMIN)
    async with services.database.transaction() as db:
        asked = ApiTokenCreate(name="Build", scopes=[Scope.CONTENT_READ])
        return (await services.api_tokens.create(db, asked, owner)).token


@pytest.mark.requirement("17")
class TestApiToken:
    async def test_has_a_budget_of_its_own_once_it_was_checked(self, tmp_path: Path) -> None:
        async with running(tmp_path, reads="2/minute", api_token="3/minute") as app:
            token = await api_token(app)
            async with client_of(app) as client:
                client.headers = bearing(token)
                answers = [await client.get("/api/v1/posts") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
        assert [answer.headers["ratelimit-policy"] for answer in answers] == [
            '"reads";q=2;w=60',
            *['"api_token";q=3;w=60'] * 4,
        ]

    async def test_opens_no_budget_by_being_made_up(self, tmp_path: Path) -> None:
        async with running(tmp_path, reads="3/minute") as app, client_of(app) as client:
            answers = []
            for number in range(4):
                client.headers = bearing(f"pfl_made-up-{number % 2}")
                answers.append((await client.get("/api/v1/posts")).status_code)
        assert answers == [401, 401, 401, 429]


IMAGES = "/api/v1/images"


async def admin_token(app: FastAPI, name: str) -> str:
    services: Services = app.state.services
    return await make_access_token(services, await make_user(services, name, Role.ADMIN))


async def upload(client: httpx2.AsyncClient, path: str = IMAGES) -> httpx2.Response:
    method = "POST" if path == IMAGES else "PUT"
    return await client.request(method, path, files={"file": ("a.png", png())})


@pytest.mark.requirement("17")
class TestUploads:
    async def test_are_limited_for_each_account(self, tmp_path: Path) -> None:
        async with running(tmp_path, uploads="2/hour") as app, client_of(app) as client:
            client.headers = bearing(await admin_token(app, "ada"))
            answers = [await upload(client) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [201, 201, 429]
            client.headers = bearing(await admin_token(app, "grace"))
            assert (await upload(client)).status_code == 201

    async def test_say_when_to_go_on(self, tmp_path: Path) -> None:
        async with running(tmp_path, uploads="1/hour") as app, client_of(app) as client:
            client.headers = bearing(await admin_token(app, "ada"))
            taken, refused = await upload(client), await upload(client)
        assert taken.headers["ratelimit"].startswith('"uploads";r=0;t=')
        assert refused.status_code == 429
        assert refused.json()["code"] == "rate_limited"
        seconds = refused.headers["retry-after"]
        assert refused.json()["detail"] == f"Too many requests; try again in {seconds} seconds"
        assert refused.headers.get_list("ratelimit-policy") == ['"uploads";q=1;w=3600']
        assert refused.headers.get_list("ratelimit") == [f'"uploads";r=0;t={seconds}']

    async def test_are_refused_before_anybody_looks_at_them(self, tmp_path: Path) -> None:
        async with running(tmp_path, uploads="1/hour") as app, client_of(app) as client:
            client.headers = bearing(await admin_token(app, "ada"))
            form = {"content-type": "multipart/form-data; boundary=x"}
            answers = [await client.post(IMAGES, content=b"none", headers=form) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [400, 429]

    async def test_count_what_takes_the_place_of_another_file(self, tmp_path: Path) -> None:
        async with running(tmp_path, uploads="2/hour") as app, client_of(app) as client:
            client.headers = bearing(await admin_token(app, "ada"))
            path = f"{IMAGES}/{(await upload(client)).json()['id']}/file"
            assert [(await upload(client, path)).status_code for _ in range(2)] == [200, 429]

    async def test_are_no_matter_of_links(self, tmp_path: Path) -> None:
        async with running(tmp_path, uploads="1/hour") as app, client_of(app) as client:
            client.headers = bearing(await admin_token(app, "ada"))
            await upload(client)
            link = {"url": "https://example.com/a.jpg"}
            answers = [await client.post(IMAGES, json=link) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with running_redis() as server:
        yield server


async def reads(app: FastAPI, times: int, path: bytes = b"/api/v1/posts") -> list[int]:
    return [(await ask(app, path, headers=[HOST])).status for _ in range(times)]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may keep even a healthy Redis waiting."""
    monkeypatch.setattr("portfolio.adapters.redis.PATIENCE", 30)


@pytest.mark.requirement("84")
class TestWithRedis:
    async def test_is_one_quota_for_all_servers(
        self, tmp_path: Path, redis: RedisServer, patient: None
    ) -> None:
        async with (
            running(tmp_path, redis.url, reads="3/minute") as one,
            running(tmp_path, redis.url, reads="3/minute") as other,
        ):
            assert await reads(one, 2) == [200, 200]
            assert await reads(other, 2) == [200, 429]

    async def test_is_limited_here_when_it_dies(
        self, tmp_path: Path, redis: RedisServer, patient: None
    ) -> None:
        async with running(tmp_path, redis.url, reads="3/minute") as app:
            assert await reads(app, 1) == [200]
            redis.kill()
            assert await reads(app, 5) == [200, 200, 200, 429, 429]

    async def test_is_limited_here_while_it_hangs(self, tmp_path: Path, redis: RedisServer) -> None:
        async with running(tmp_path, redis.url, reads="3/minute", login="1/minute") as app:
            redis.freeze()
            assert await reads(app, 5) == [200, 200, 200, 429, 429]
            async with client_of(app) as client:
                assert [(await sign_in(client)).status_code for _ in range(2)] == [401, 429]

    async def test_is_ready_without_it_and_says_so(
        self, tmp_path: Path, redis: RedisServer, patient: None
    ) -> None:
        async with running(tmp_path, redis.url) as app, client_of(app) as client:
            ready = await client.get("/health/ready")
            assert ready.json()["checks"]["redis"] == "up"
            redis.kill()
            ready = await client.get("/health/ready")
            assert ready.status_code == 200
            checks = {"database": "up", "storage": "up", "redis": "unreachable"}
            assert ready.json()["checks"] == checks

    async def test_is_not_spoken_of_where_there_is_none(self, tmp_path: Path) -> None:
        async with running(tmp_path) as app, client_of(app) as client:
            assert "redis" not in (await client.get("/health/ready")).json()["checks"]


class TestReadyAnswers:
    @pytest.mark.requirement("19")
    async def test_count_like_others(self, tmp_path: Path) -> None:
        async with running(tmp_path, RATE_LIMIT_READS="3/minute") as app:
            client = client_of(app)
            answers = [await client.get("/api/v1/redirects") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert [answer.headers["X-Cache"] for answer in answers] == [
            "miss",
            "hit",
            "hit",
            "bypass",
            "bypass",
        ]
        assert [answer.headers["RateLimit"][:11] for answer in answers[:4]] == [
            '"reads";r=2',
            '"reads";r=1',
            '"reads";r=0',
            '"reads";r=0',
        ]
