import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import AsyncClient
from tests.factories.apps import HOST, ask, client_of, make_app

from portfolio.core.context import current

router = APIRouter()


@router.get("/whoami")
async def whoami() -> dict[str, str]:
    context = current()
    return {"id": context.request_id, "client": context.client, "agent": context.agent}


@pytest.fixture
def app() -> FastAPI:
    return make_app(router)


@pytest.fixture
def client(app: FastAPI) -> AsyncClient:
    return client_of(app, "203.0.113.9")


class TestRequestId:
    async def test_is_made_where_none_came(self, client: AsyncClient) -> None:
        first, second = await client.get("/whoami"), await client.get("/whoami")
        assert first.headers["x-request-id"] == first.json()["id"]
        assert first.headers["x-request-id"] != second.headers["x-request-id"]

    async def test_is_taken_over_from_the_client(self, client: AsyncClient) -> None:
        answer = await client.get("/whoami", headers={"X-Request-ID": "build-7_a.b"})
        assert answer.headers["x-request-id"] == answer.json()["id"] == "build-7_a.b"

    @pytest.mark.parametrize("value", [b"", b"a" * 65, b"a b", b"a\r\nset-cookie: x=1", b"\xe4"])
    async def test_is_replaced_where_it_is_not_plain(self, app: FastAPI, value: bytes) -> None:
        answer = await ask(app, headers=[HOST, (b"x-request-id", value)])
        assert len(answer.headers["x-request-id"]) == 32

    async def test_is_on_errors_too(self, client: AsyncClient) -> None:
        answer = await client.get("/nowhere", headers={"X-Request-ID": "abc"})
        assert answer.headers["x-request-id"] == "abc"


class TestContext:
    async def test_knows_who_calls_and_with_what(self, client: AsyncClient) -> None:
        answer = await client.get("/whoami", headers={"User-Agent": "Lynx/2"})
        assert (answer.json()["client"], answer.json()["agent"]) == ("203.0.113.9", "Lynx/2")
