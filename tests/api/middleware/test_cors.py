import pytest
from httpx2 import AsyncClient
from tests.factories.apps import client_of, make_app

pytestmark = pytest.mark.requirement("59")


@pytest.fixture
def client() -> AsyncClient:
    return client_of(make_app(allowed_origins="https://good.tld"))


def preflight(origin: str, method: str = "PATCH", headers: str = "if-match") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }


class TestOrigin:
    async def test_that_is_named_may_read(self, client: AsyncClient) -> None:
        answer = await client.get("/health", headers={"Origin": "https://good.tld"})
        assert answer.headers["access-control-allow-origin"] == "https://good.tld"
        assert answer.headers["access-control-allow-credentials"] == "true"
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"ETag", "Link", "Location", "X-Request-ID", "RateLimit", "Retry-After"} <= set(
            exposed
        )

    @pytest.mark.parametrize(
        "origin",
        ["null", "http://good.tld", "https://good.tld.evil", "https://good.tld:8443", "*"],
    )
    async def test_of_another_name_may_not(self, client: AsyncClient, origin: str) -> None:
        answer = await client.get("/health", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        asked = await client.options("/health", headers=preflight(origin))
        assert asked.status_code == 400
        assert "access-control-allow-origin" not in asked.headers

    @pytest.mark.parametrize("path", ["/health", "/nowhere", "/api/%2f"])
    @pytest.mark.parametrize("origin", [{}, {"Origin": "https://good.tld"}, {"Origin": "null"}])
    async def test_always_stands_in_vary(
        self, client: AsyncClient, path: str, origin: dict[str, str]
    ) -> None:
        answer = await client.get(path, headers=origin)
        assert "Origin" in answer.headers["vary"].split(", ")

    async def test_may_read_errors_too(self, client: AsyncClient) -> None:
        answer = await client.get("/nowhere", headers={"Origin": "https://good.tld"})
        assert answer.headers["access-control-allow-origin"] == "https://good.tld"


class TestPreflight:
    async def test_allows_what_the_api_takes(self, client: AsyncClient) -> None:
        headers = "authorization, content-type, idempotency-key, if-match"
        answer = await client.options(
            "/health", headers=preflight("https://good.tld", headers=headers)
        )
        assert (answer.status_code, answer.content) == (204, b"")
        assert "PATCH" in answer.headers["access-control-allow-methods"]

    async def test_refuses_in_our_words(self, client: AsyncClient) -> None:
        answer = await client.options("/health", headers=preflight("https://evil.tld"))
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "Disallowed CORS origin"

    async def test_is_nothing_special_where_no_origin_is_named(self) -> None:
        answer = await client_of(make_app()).options(
            "/health", headers=preflight("https://good.tld")
        )
        assert "access-control-allow-origin" not in answer.headers
