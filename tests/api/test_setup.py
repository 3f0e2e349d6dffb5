"""The first admin: by link, by page, by environment; and never a second one."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import func, select

from portfolio.core.clock import utc_now
from portfolio.core.config import SecuritySettings
from portfolio.core.environment import SettingsError
from portfolio.models.credentials import OneTimeToken
from portfolio.models.profiles import Profile
from portfolio.models.users import Role, User
from portfolio.wiring import Services

URL = "/api/v1/auth/setup"
EMAIL, PASSWORD = "Owner@Example.com", "a good one!"


async def new_link(services: Services) -> str | None:
    async with services.database.transaction() as db:
        return await services.setup.link(db)


@pytest.fixture
async def token(services: Services) -> str:
    link = await new_link(services)
    assert link is not None
    address, _, token = link.partition("?token=")
    assert address == "http://test/setup"
    return token


def claim(token: str, **changes: Any) -> dict[str, Any]:
    return {
        "token": token,
        "email": "Ada@Example.com",
        "username": "Ada",
        "password": PASSWORD,
    } | changes


async def admins(services: Services) -> int:
    async with services.database.reading() as db:
        count = select(func.count(User.id)).where(User.role == Role.ADMIN)
        return (await db.execute(count)).scalar_one()


class TestSetUp:
    async def test_makes_the_first_admin_and_signs_them_in(
        self, client: httpx2.AsyncClient, token: str, services: Services
    ) -> None:
        answer = await client.post(URL, json=claim(token, display_name="Ada Lovelace"))
        assert answer.status_code == 201
        assert answer.headers["Location"] == "/api/v1/me"
        assert "no-store" in answer.headers["Cache-Control"]
        found = answer.json()
        assert found["user"] | {"created_at": "", "updated_at": ""} == {
            "id": found["user"]["id"],
            "email": "ada@example.com",
            "username": "ada",
            "display_name": "Ada Lovelace",
            "avatar_url": None,
            "role": "admin",
            "created_at": "",
            "updated_at": "",
        }
        headers = {"Authorization": f"Bearer {found['access_token']}"}
        assert (await client.get("/api/v1/me", headers=headers)).status_code == 200
        async with services.database.reading() as db:
            profile = (await db.execute(select(Profile))).scalar_one()
        assert (profile.name, profile.extras) == ("Ada Lovelace", {})

    async def test_works_once_however_many_try_together(
        self, client: httpx2.AsyncClient, token: str, services: Services
    ) -> None:
        answers = await asyncio.gather(
            *(
                client.post(URL, json=claim(token, email=f"ada{n}@example.com", username=f"ada{n}"))
                for n in range(50)
            )
        )
        codes = sorted(answer.status_code for answer in answers)
        assert codes[0] == 201
        assert set(codes[1:]) <= {404, 409}
        assert await admins(services) == 1

    async def test_is_closed_once_there_is_an_admin(
        self, client: httpx2.AsyncClient, token: str, admin: User, services: Services
    ) -> None:
        assert (await client.post(URL, json=claim(token))).status_code == 409
        assert await admins(services) == 1
        assert await new_link(services) is None

    async def test_ends_with_a_newer_link(
        self, client: httpx2.AsyncClient, token: str, services: Services
    ) -> None:
        newer = await new_link(services)
        assert newer is not None
        assert (await client.post(URL, json=claim(token))).status_code == 404
        answer = await client.post(URL, json=claim(newer.partition("=")[2]))
        assert answer.status_code == 201

    async def test_ends_after_a_day(self, client: httpx2.AsyncClient, token: str) -> None:
        with time_machine.travel(utc_now() + timedelta(hours=24, seconds=1), tick=False):
            assert (await client.post(URL, json=claim(token))).status_code == 404

    @pytest.mark.parametrize("wrong", ["x", "x" * 43, "' OR 1=1 --"])
    async def test_wants_the_token_of_the_link(
        self, client: httpx2.AsyncClient, token: str, wrong: str
    ) -> None:
        assert (await client.post(URL, json=claim(wrong))).status_code == 404

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "no address"}, "email"),
            ({"email": "a@b\nc"}, "email"),
            ({"email": "x" * 250 + "@example.com"}, "email"),
            ({"username": "a"}, "username"),
            ({"username": "Ada Lovelace"}, "username"),
            ({"username": "ada@example.com"}, "username"),
            ({"username": "42"}, "username"),
            ({"username": "x" * 41}, "username"),
            ({"password": "1234567"}, "password"),
            ({"password": "🔑" * 7}, "password"),
            ({"password": "x" * 257}, "password"),
            ({"password": "ada@example.com"}, "password"),
            ({"email": "countess@example.com", "password": "COUNTESS"}, "password"),
            ({"username": "lovelace", "password": "Lovelace"}, "password"),
            ({"display_name": ""}, "display_name"),
            ({"role": "user"}, "role"),
            ({"is_active": True}, "is_active"),
        ],
    )
    async def test_names_the_wrong_field_and_works_afterwards(
        self, client: httpx2.AsyncClient, token: str, changes: dict[str, Any], field: str
    ) -> None:
        answer = await client.post(URL, json=claim(token, **changes))
        assert answer.status_code == 422
        assert [item["field"] for item in answer.json()["errors"]] == [field]
        assert (await client.post(URL, json=claim(token))).status_code == 201

    @pytest.mark.parametrize(
        "password", ["8letters", "a" * 20, "🔑" * 8, "x" * 256, " 8 with spaces "]
    )
    async def test_asks_nothing_of_a_password_but_its_length(
        self, client: httpx2.AsyncClient, token: str, password: str
    ) -> None:
        assert (await client.post(URL, json=claim(token, password=password))).status_code == 201

    async def test_refuses_names_that_are_taken_and_works_afterwards(
        self, client: httpx2.AsyncClient, token: str, user: User
    ) -> None:
        for changes, field in (
            ({"email": "READER@example.com"}, "email"),
            ({"username": "Reader"}, "username"),
        ):
            answer = await client.post(URL, json=claim(token, **changes))
            assert answer.status_code == 409
            assert answer.json()["errors"][0]["field"] == field
        assert (await client.post(URL, json=claim(token))).status_code == 201

    async def test_stores_only_a_digest_of_the_token(self, token: str, services: Services) -> None:
        async with services.database.reading() as db:
            stored = (await db.execute(select(OneTimeToken))).scalar_one()
        assert len(stored.digest) == 64
        assert token not in stored.digest


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


def configured(email: str, password: str) -> SecuritySettings:
    return SecuritySettings(admin_email=email, admin_password=SecretStr(password))


class TestEnsureFirstAdmin:
    @staticmethod
    async def _ensure(services: Services, settings: SecuritySettings) -> User | None:
        async with services.database.transaction() as db:
            return await services.users.ensure_first_admin(db, settings)

    async def test_makes_them_once(self, client: httpx2.AsyncClient, services: Services) -> None:
        made = await self._ensure(services, configured(EMAIL, PASSWORD))
        assert made is not None
        assert (made.email, made.username, made.role) == ("owner@example.com", "owner", Role.ADMIN)
        assert await self._ensure(services, configured(EMAIL, "another one")) is None
        answer = await client.post(
            "/api/v1/auth/login", json={"identifier": "owner", "password": PASSWORD}
        )
        assert answer.status_code == 200

    async def test_makes_nobody_where_nothing_is_configured(self, services: Services) -> None:
        assert await self._ensure(services, SecuritySettings()) is None
        assert await admins(services) == 0

    async def test_makes_one_when_several_processes_start(self, services: Services) -> None:
        await asyncio.gather(
            *(self._ensure(services, configured(EMAIL, PASSWORD)) for _ in range(5))
        )
        assert await admins(services) == 1

    @pytest.mark.parametrize(
        ("email", "password", "variable"),
        [
            ("no address", PASSWORD, "ADMIN_EMAIL"),
            ("owner@example.com", "short", "ADMIN_PASSWORD"),
            ("longlonglong@example.com", "longlonglong", "ADMIN_PASSWORD"),
        ],
    )
    async def test_names_the_variable_that_is_wrong(
        self, services: Services, email: str, password: str, variable: str
    ) -> None:
        with pytest.raises(SettingsError) as refusal:
            await self._ensure(services, configured(email, password))
        assert [line.partition(":")[0] for line in refusal.value.lines] == [variable]

    async def test_never_promotes_an_account_that_is_there(
        self, services: Services, user: User
    ) -> None:
        with pytest.raises(SettingsError):
            await self._ensure(services, configured("reader@example.com", PASSWORD))
        assert await admins(services) == 0
