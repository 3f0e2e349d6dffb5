"""Every way to pretend to be signed in."""

from datetime import timedelta
from typing import Any

import httpx2
import jwt
import pytest
import time_machine
from sqlalchemy import update
from tests.factories.users import bearing, change_users, log_in

from portfolio.core.clock import utc_now
from portfolio.core.config import Settings
from portfolio.core.security import AccessTokens, PreviewTokens
from portfolio.db.session import Database
from portfolio.models.sessions import UserSession
from portfolio.models.users import Role, User

pytestmark = [pytest.mark.requirement("20"), pytest.mark.requirement("21")]

KEY = "k" * 32


class TestBearer:
    """What GET /me makes of the Authorization header."""

    @staticmethod
    async def _me(client: httpx2.AsyncClient, authorization: str) -> httpx2.Response:
        return await client.get("/api/v1/me", headers={"Authorization": authorization})

    async def _refused(self, client: httpx2.AsyncClient, token: str) -> None:
        answer = await self._me(client, f"Bearer {token}")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["code"] == "unauthorized"
        assert "no-store" in answer.headers["Cache-Control"]

    @pytest.fixture
    async def token(self, client: httpx2.AsyncClient, admin: User) -> str:
        return str((await log_in(client)).json()["access_token"])

    async def test_costs_one_statement(
        self, client: httpx2.AsyncClient, token: str, count_queries: list[str]
    ) -> None:
        count_queries.clear()
        assert (await self._me(client, f"Bearer {token}")).status_code == 200
        assert len(count_queries) == 1

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    async def test_is_known_in_any_case(
        self, client: httpx2.AsyncClient, token: str, scheme: str
    ) -> None:
        assert (await self._me(client, f"{scheme} {token}")).status_code == 200

    @pytest.mark.parametrize("sent", ["", "Bearer", "Bearer  ", "Basic {}", "Token {}", "{}"])
    async def test_is_the_only_scheme(
        self, client: httpx2.AsyncClient, token: str, sent: str
    ) -> None:
        assert (await self._me(client, sent.format(token))).status_code == 401

    async def test_must_be_right_even_where_nobody_need_sign_in(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        assert (await client.get("/api/v1/posts")).status_code == 200
        answer = await client.get("/api/v1/posts", headers=bearing("not.a.token"))
        assert answer.status_code == 401

    async def test_refuses_other_secrets_of_ours(
        self, client: httpx2.AsyncClient, admin: User, settings: Settings
    ) -> None:
        await self._refused(client, (await log_in(client)).json()["refresh_token"])
        previews = PreviewTokens([KEY], settings.server.address)
        await self._refused(client, previews.issue("users", 1, utc_now() + timedelta(hours=1)))

    async def test_refuses_a_token_without_signature(
        self, client: httpx2.AsyncClient, token: str
    ) -> None:
        payload = jwt.decode(token, options={"verify_signature": False})
        headers = jwt.get_unverified_header(token)
        unsigned = jwt.encode(payload, "", "none", headers | {"alg": "none"})
        await self._refused(client, unsigned)
        await self._refused(client, token.rpartition(".")[0] + ".")

    @pytest.mark.parametrize(
        ("claims", "headers"),
        [
            ({"iss": "http://elsewhere"}, {}),
            ({"aud": "http://elsewhere"}, {}),
            ({"exp": None}, {}),
            ({"sid": "of nobody"}, {}),
            ({"sub": "1000000"}, {}),
            ({}, {"typ": "JWT"}),
            ({}, {"kid": "another"}),
            ({}, {"crit": ["exp"]}),
            ({}, {"jku": "http://elsewhere"}),
            ({}, {"x5u": "http://elsewhere"}),
        ],
    )
    async def test_refuses_a_changed_token_although_well_signed(
        self,
        client: httpx2.AsyncClient,
        token: str,
        claims: dict[str, Any],
        headers: dict[str, Any],
    ) -> None:
        payload = jwt.decode(token, options={"verify_signature": False})
        header = jwt.get_unverified_header(token)
        same = jwt.encode(payload, KEY, "HS256", header)
        assert (await self._me(client, f"Bearer {same}")).status_code == 200
        changed = {k: v for k, v in (payload | claims).items() if v is not None}
        await self._refused(client, jwt.encode(changed, KEY, "HS256", header | headers))

    async def test_refuses_the_token_of_someone_elses_session(
        self, client: httpx2.AsyncClient, token: str, user: User, settings: Settings
    ) -> None:
        sid = jwt.decode(token, options={"verify_signature": False})["sid"]
        tokens = AccessTokens([KEY], settings.server.address, timedelta(minutes=5))
        await self._refused(client, tokens.issue(user.id, sid))

    async def test_ends_with_its_time(self, client: httpx2.AsyncClient, token: str) -> None:
        with time_machine.travel(utc_now() + timedelta(minutes=16), tick=False):
            await self._refused(client, token)

    async def test_ends_with_the_account(
        self, client: httpx2.AsyncClient, token: str, database: Database
    ) -> None:
        await change_users(database, is_active=False)
        await self._refused(client, token)

    async def test_ends_with_the_life_of_its_session(
        self, client: httpx2.AsyncClient, token: str, database: Database
    ) -> None:
        async with database.transaction() as db:
            await db.execute(update(UserSession).values(expires_at=utc_now()))
        await self._refused(client, token)

    async def test_has_the_rights_that_the_account_has_now(
        self, client: httpx2.AsyncClient, token: str, database: Database
    ) -> None:
        await change_users(database, role=Role.USER)
        answer = await self._me(client, f"Bearer {token}")
        assert answer.json()["role"] == "user"
        made = await client.post("/api/v1/posts", json={"title": "A"}, headers=bearing(token))
        assert made.status_code == 403
