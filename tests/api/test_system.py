import asyncio

import pytest
from httpx2 import AsyncClient
from tests.factories.apps import HOST, ask, client_of, make_app

from portfolio import __version__
from portfolio.api.system import Check


@pytest.fixture
def client() -> AsyncClient:
    return client_of(make_app())


def reporting(**states: str) -> Check:
    async def check() -> dict[str, str]:
        return states

    return check


async def hanging() -> dict[str, str]:
    await asyncio.Event().wait()
    return {}


class TestHealth:
    async def test_says_exactly_this(self, client: AsyncClient) -> None:
        answer = await client.get("/health")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "healthy",
            "app": "Portfolio API",
            "version": __version__,
        }

    @pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
    async def test_is_never_cached(self, client: AsyncClient, path: str) -> None:
        assert (await client.get(path)).headers["cache-control"] == "no-store"


class TestLive:
    async def test_does_not_ask_the_database(self) -> None:
        client = client_of(make_app(check=hanging))
        assert (await client.get("/health/live")).status_code == 200


class TestReady:
    async def test_names_each_dependency(self) -> None:
        client = client_of(make_app(check=reporting(database="up", search="degraded")))
        answer = await client.get("/health/ready")
        assert answer.json() == {
            "status": "ready",
            "checks": {"database": "up", "search": "degraded"},
        }

    @pytest.mark.parametrize("states", [{"database": "down"}, {"server": "draining"}])
    async def test_is_503_when_requests_should_go_elsewhere(self, states: dict[str, str]) -> None:
        answer = await client_of(make_app(check=reporting(**states))).get("/health/ready")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["checks"] == states
        assert answer.json()["code"] == "unavailable"

    async def test_does_not_wait_for_what_hangs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("portfolio.api.system._PATIENCE", 0.01)
        answer = await client_of(make_app(check=hanging)).get("/health/ready")
        assert answer.status_code == 503


class TestMetrics:
    async def test_are_for_machines_of_the_operator(self, client: AsyncClient) -> None:
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        assert "http_requests_total" in answer.text

    async def test_are_not_there_for_others(self) -> None:
        client = client_of(make_app(), "203.0.113.9")
        assert (await client.get("/metrics")).status_code == 404

    async def test_are_not_there_behind_a_proxy_that_nobody_declared(self) -> None:
        answer = await ask(
            make_app(), b"/metrics", headers=[HOST, (b"x-forwarded-for", b"203.0.113.9")]
        )
        assert answer.status == 404

    async def test_are_there_through_a_trusted_proxy(self) -> None:
        app = make_app(trusted_proxies="127.0.0.1", metrics_clients="10.0.0.0/8")
        for address, status in ((b"10.1.1.1", 200), (b"203.0.113.9", 404)):
            headers = [HOST, (b"x-forwarded-for", address)]
            assert (await ask(app, b"/metrics", headers=headers)).status == status


class TestVersions:
    async def test_lists_the_present_one(self, client: AsyncClient) -> None:
        versions = (await client.get("/api")).json()["versions"]
        assert [(one["version"], one["status"], one["path"]) for one in versions] == [
            ("v1", "current", "/api/v1")
        ]
