"""The page behind the link that makes the first admin."""

import httpx2
import pytest
from tests.factories.setup import admins, claim

from portfolio.models.users import User
from portfolio.wiring import Services


class TestShowPage:
    async def test_shows_a_form_for_the_printed_link(
        self, client: httpx2.AsyncClient, token: str
    ) -> None:
        answer = await client.get("/setup", params={"token": token})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f'name="token" value="{token}"' in answer.text

    async def test_keeps_the_token_out_of_caches_and_referrers(
        self, client: httpx2.AsyncClient, token: str
    ) -> None:
        answer = await client.get("/setup", params={"token": token})
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"

    async def test_runs_no_script_and_no_foreign_style(
        self, client: httpx2.AsyncClient, token: str
    ) -> None:
        answer = await client.get("/setup", params={"token": token})
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script" not in answer.text
        assert " style=" not in answer.text

    @pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "x"}, {"token": "x" * 500}])
    async def test_explains_a_link_that_does_not_work(
        self, client: httpx2.AsyncClient, query: dict[str, str]
    ) -> None:
        answer = await client.get("/setup", params=query)
        assert answer.status_code in {404, 422}
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "<form" not in answer.text

    async def test_says_when_there_is_an_admin(
        self, client: httpx2.AsyncClient, token: str, admin: User
    ) -> None:
        answer = await client.get("/setup", params={"token": token})
        assert answer.status_code == 409
        assert "<form" not in answer.text


class TestSubmitPage:
    async def test_makes_the_admin_and_says_where_to_go(
        self, client: httpx2.AsyncClient, token: str, services: Services
    ) -> None:
        answer = await client.post("/setup", data=claim(token, display_name=""))
        assert answer.status_code == 201
        assert 'href="docs"' in answer.text
        assert 'href="https://example.com"' in answer.text
        assert "http://test/api/v1/auth/login" in answer.text
        assert await admins(services) == 1

    async def test_keeps_what_was_typed_but_the_password(
        self, client: httpx2.AsyncClient, token: str
    ) -> None:
        form = claim(token, email='"><script>alert(1)</script>', password="s3cret!")
        answer = await client.post("/setup", data=form)
        assert answer.status_code == 422
        assert 'value="Ada"' in answer.text
        assert 'value="&quot;&gt;&lt;script&gt;' in answer.text
        assert "<script" not in answer.text
        assert "s3cret" not in answer.text
        assert f'value="{token}"' in answer.text

    async def test_tells_which_name_is_taken(
        self, client: httpx2.AsyncClient, token: str, user: User
    ) -> None:
        answer = await client.post("/setup", data=claim(token, username="reader"))
        assert answer.status_code == 409
        assert "Belongs to an account." in answer.text
        assert 'value="reader"' in answer.text
        again = await client.post("/setup", data=claim(token))
        assert again.status_code == 201

    async def test_explains_that_it_was_done_already(
        self, client: httpx2.AsyncClient, token: str, admin: User
    ) -> None:
        answer = await client.post("/setup", data=claim(token))
        assert answer.status_code == 409
        assert "<form" not in answer.text

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://elsewhere.example"},
            {"Origin": "http://test.elsewhere.example"},
        ],
    )
    async def test_refuses_the_form_of_another_site(
        self, client: httpx2.AsyncClient, token: str, headers: dict[str, str], services: Services
    ) -> None:
        answer = await client.post("/setup", data=claim(token), headers=headers)
        assert answer.status_code == 403
        assert await admins(services) == 0

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
            {"Origin": "http://test"},
            {"Origin": "null"},
        ],
    )
    async def test_takes_its_own_form(
        self, client: httpx2.AsyncClient, token: str, headers: dict[str, str]
    ) -> None:
        answer = await client.post("/setup", data=claim(token), headers=headers)
        assert answer.status_code == 201
