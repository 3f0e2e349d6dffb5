import re
from urllib.parse import urljoin

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from tests.factories.apps import client_of, make_app

pytestmark = pytest.mark.requirement("66")


@pytest.fixture
def app() -> FastAPI:
    return make_app()


@pytest.fixture
def client(app: FastAPI) -> AsyncClient:
    return client_of(app)


PAGES = pytest.mark.parametrize("path", ["/docs", "/redoc"])


class TestPages:
    @PAGES
    async def test_load_everything_from_this_server(self, client: AsyncClient, path: str) -> None:
        page = await client.get(path)
        addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(addresses) >= 3
        assert "//" not in page.text
        for address in addresses:
            assert (await client.get(urljoin(path, address))).status_code == 200

    @PAGES
    async def test_hold_no_script_of_their_own(self, client: AsyncClient, path: str) -> None:
        page = await client.get(path)
        assert re.findall(r"<script[^>]*>([^<]*)</script>", page.text) == ["", ""]
        assert not re.search(r"\son\w+=|javascript:", page.text)

    @PAGES
    async def test_run_under_a_strict_policy(self, client: AsyncClient, path: str) -> None:
        policy = (await client.get(path)).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert ("'unsafe-inline'" in policy) == (path == "/redoc")

    async def test_may_call_the_address_that_the_schema_names(self) -> None:
        client = client_of(make_app(public_url="https://api.example.com/base"))
        policy = (await client.get("/docs")).headers["content-security-policy"]
        assert "connect-src 'self' https://api.example.com;" in policy

    async def test_have_assets_that_browsers_keep(self, client: AsyncClient) -> None:
        answer = await client.get("/docs/static/swagger-ui.css")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = await client.get(
            "/docs/static/swagger-ui.css", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert again.status_code == 304

    @pytest.mark.parametrize("name", ["nothing.js", "../core.py", "%2e%2e/core.py"])
    async def test_give_away_no_other_file(self, client: AsyncClient, name: str) -> None:
        assert (await client.get(f"/docs/static/{name}")).status_code == 404


class TestSchema:
    async def test_is_what_the_app_says_of_itself(self, client: AsyncClient, app: FastAPI) -> None:
        assert (await client.get("/openapi.json")).json() == app.openapi()


class TestSwitch:
    @pytest.mark.parametrize(
        "path", ["/docs", "/redoc", "/openapi.json", "/docs/swagger.js", "/docs/static/favicon.png"]
    )
    async def test_hides_everything_in_production(self, path: str) -> None:
        client = client_of(make_app(environment="production"))
        assert (await client.get(path)).status_code == 404

    async def test_can_be_set(self) -> None:
        client = client_of(make_app(environment="production", docs_enabled=True))
        assert (await client.get("/docs")).status_code == 200
