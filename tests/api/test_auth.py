"""Signing in and out."""

import asyncio
from typing import Any

import bcrypt
import httpx2
import pytest
from sqlalchemy import func, select
from tests.factories.users import LOGIN, PASSWORD, bearing, change_users, log_in

from portfolio.db.session import Database
from portfolio.models.sessions import UserSession
from portfolio.models.users import User
from portfolio.schemas.users import UserCreate
from portfolio.wiring import Services

CHANGING = {"x-request-id", "date", "ratelimit"}


async def hash_of(database: Database, user: User) -> str:
    async with database.reading() as db:
        stored = (
            await db.execute(select(User.password_hash).where(User.id == user.id))
        ).scalar_one()
    assert stored is not None
    return stored


class TestLogIn:
    @pytest.mark.parametrize(
        "identifier", ["owner@example.com", "OWNER@Example.COM", "owner", " Owner ", "\uff2fwner"]
    )
    async def test_takes_e_mail_or_user_name_in_any_spelling(
        self, client: httpx2.AsyncClient, admin: User, identifier: str
    ) -> None:
        answer = await log_in(client, identifier)
        assert answer.status_code == 200
        found = answer.json()
        assert set(found) == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
        assert found["token_type"] == "bearer"
        assert found["expires_in"] == 900
        assert found["user"]["username"] == "owner"
        me = await client.get("/api/v1/me", headers=bearing(found["access_token"]))
        assert me.json()["id"] == admin.id

    async def test_is_never_stored_by_a_cache(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        for answer in (await log_in(client), await log_in(client, password="wrong wrong")):
            assert "no-store" in answer.headers["Cache-Control"]

    @pytest.mark.requirement("6")
    async def test_refuses_everybody_in_the_same_words(
        self, client: httpx2.AsyncClient, admin: User, user: User, database: Database
    ) -> None:
        await change_users(database, user, is_active=False)
        answers = [
            await log_in(client, "owner@example.com", "wrong wrong wrong"),
            await log_in(client, "owner", "short"),
            await log_in(client, "stranger@example.com", PASSWORD),
            await log_in(client, "stranger", PASSWORD),
            await log_in(client, "reader@example.com", PASSWORD),
            await client.post(
                "/api/v1/auth/token", data={"username": "stranger", "password": PASSWORD}
            ),
        ]
        bodies, headers = [], []
        for answer in answers:
            assert answer.status_code == 401
            bodies.append({**answer.json(), "request_id": ""})
            headers.append({k: v for k, v in answer.headers.items() if k not in CHANGING})
        assert all(body == bodies[0] for body in bodies)
        assert all(each == headers[0] for each in headers)
        assert headers[0]["www-authenticate"] == "Bearer"

    async def test_refuses_an_account_without_password(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        await change_users(database, password_hash=None)
        assert (await log_in(client)).status_code == 401

    @pytest.mark.parametrize(
        "password", ["ordinary", " spaces at the ends ", "pässwörd 🔑", "x" * 72, "x" * 128]
    )
    async def test_takes_the_password_to_its_last_character(
        self, client: httpx2.AsyncClient, services: Services, password: str
    ) -> None:
        data = UserCreate(email="ada@example.com", username="ada", password=password)
        async with services.database.transaction() as db:
            await services.users.create(db, data)
        assert (await log_in(client, "ada", password)).status_code == 200
        for wrong in (password[:-1], password[:-1] + "!", password + "x", f" {password}"):
            assert (await log_in(client, "ada", wrong)).status_code == 401

    async def test_takes_a_password_with_nul(
        self, client: httpx2.AsyncClient, services: Services
    ) -> None:
        data = UserCreate(email="ada@example.com", username="ada", password="before\0after")
        async with services.database.transaction() as db:
            await services.users.create(db, data)
        assert (await log_in(client, "ada", "before\0after")).status_code == 200
        assert (await log_in(client, "ada", "before\0other")).status_code == 401

    async def test_refuses_what_is_too_long_to_be_a_password(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        answer = await log_in(client, password="x" * 257)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "password"
        assert "xxx" not in answer.text

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"identifier": "owner"},
            {"password": PASSWORD},
            {"identifier": "", "password": PASSWORD},
            {"identifier": "own\ner", "password": PASSWORD},
            {"identifier": "owner", "password": ""},
            {"identifier": 7, "password": PASSWORD},
            {"identifier": ["owner"], "password": PASSWORD},
            {"identifier": "owner", "password": PASSWORD, "role": "admin"},
        ],
    )
    async def test_refuses_what_is_no_credentials(
        self, client: httpx2.AsyncClient, admin: User, body: dict[str, Any]
    ) -> None:
        assert (await client.post(LOGIN, json=body)).status_code == 422

    async def test_takes_and_renews_a_hash_from_elsewhere(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        plain = bcrypt.hashpw(b"i was", bcrypt.gensalt(4)).decode()
        await change_users(database, password_hash=plain)
        assert (await log_in(client, password="i was not")).status_code == 401
        assert await hash_of(database, admin) == plain
        assert (await log_in(client, password="i was")).status_code == 200
        assert (await hash_of(database, admin)).startswith("hmac-sha384$2b$04$")
        assert (await log_in(client, password="i was")).status_code == 200

    async def test_is_not_hindered_by_an_old_token(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        answer = await client.post(
            LOGIN,
            json={"identifier": "owner", "password": PASSWORD},
            headers=bearing("of.yester.day"),
        )
        assert answer.status_code == 200

    async def test_notes_when_and_whence_and_changes_nothing_else(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        await client.post(
            LOGIN,
            json={"identifier": "owner", "password": PASSWORD},
            headers={"User-Agent": "browser " * 100},
        )
        async with database.reading() as db:
            row = (await db.execute(select(User))).scalar_one()
            session = (await db.execute(select(UserSession))).scalar_one()
        assert row.last_login_at is not None
        assert row.version == admin.version
        assert session.user_id == admin.id
        assert session.agent.startswith("browser")
        assert session.address != ""

    async def test_stores_no_token_in_clear(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        found = (
            await client.post(
                LOGIN,
                json={"identifier": "owner", "password": PASSWORD},
                headers={"Idempotency-Key": "once"},
            )
        ).json()
        async with database.reading() as db:
            session = (await db.execute(select(UserSession))).scalar_one()
        assert found["refresh_token"] not in (session.sid, session.refresh_digest)
        assert session.refresh_digest not in found["access_token"]

    async def test_leaves_no_session_behind_a_refusal(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        await log_in(client, password="wrong wrong")
        async with database.reading() as db:
            assert (await db.execute(select(func.count(UserSession.id)))).scalar_one() == 0

    async def test_works_twenty_times_at_once(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        answers = await asyncio.gather(*(log_in(client) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 20


class TestIssueToken:
    URL = "/api/v1/auth/token"

    async def test_takes_the_form_of_oauth2(self, client: httpx2.AsyncClient, admin: User) -> None:
        form = {
            "grant_type": "password",
            "username": "owner@example.com",
            "password": PASSWORD,
            "scope": "",
            "client_id": "docs",
        }
        # The Authorize button of /docs always sends a client, even an empty one.
        answer = await client.post(self.URL, data=form, headers={"Authorization": "Basic Og=="})
        assert answer.status_code == 200
        assert answer.json()["token_type"] == "bearer"
        assert "no-store" in answer.headers["Cache-Control"]
        me = await client.get("/api/v1/me", headers=bearing(answer.json()["access_token"]))
        assert me.status_code == 200

    @pytest.mark.parametrize("password", [" spaces at the ends ", "before\0after"])
    async def test_takes_a_password_as_it_was_typed(
        self, client: httpx2.AsyncClient, services: Services, password: str
    ) -> None:
        data = UserCreate(email="ada@example.com", username="ada", password=password)
        async with services.database.transaction() as db:
            await services.users.create(db, data)
        form = {"username": "ada", "password": password}
        assert (await client.post(self.URL, data=form)).status_code == 200
        form["password"] = password[:-1]
        assert (await client.post(self.URL, data=form)).status_code == 401

    async def test_refuses_another_grant(self, client: httpx2.AsyncClient, admin: User) -> None:
        form = {"grant_type": "client_credentials", "username": "owner", "password": PASSWORD}
        assert (await client.post(self.URL, data=form)).status_code == 422

    async def test_refuses_json(self, client: httpx2.AsyncClient, admin: User) -> None:
        answer = await client.post(self.URL, json={"username": "owner", "password": PASSWORD})
        assert answer.status_code == 415

    async def test_is_what_the_schema_says(self, client: httpx2.AsyncClient) -> None:
        schema = (await client.get("/openapi.json")).json()
        schemes = schema["components"]["securitySchemes"]
        assert schemes["password"]["flows"]["password"]["tokenUrl"] == self.URL
        assert schemes["bearer"]["scheme"] == "bearer"
        assert schema["paths"]["/api/v1/me"]["get"]["security"] == [
            {"bearer": []},
            {"password": []},
        ]


class TestLogOut:
    URL = "/api/v1/auth/logout"

    async def test_is_for_those_who_are_in(self, client: httpx2.AsyncClient) -> None:
        answer = await client.post(self.URL)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    async def test_ends_this_session_at_once_and_no_other(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        one = (await log_in(client)).json()["access_token"]
        other = (await log_in(client)).json()["access_token"]
        assert (await client.post(self.URL, headers=bearing(one))).status_code == 204
        assert (await client.get("/api/v1/me", headers=bearing(one))).status_code == 401
        assert (await client.post(self.URL, headers=bearing(one))).status_code == 401
        assert (await client.get("/api/v1/me", headers=bearing(other))).status_code == 200
