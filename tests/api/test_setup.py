"""The first admin by a link that works once."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import time_machine
from sqlalchemy import select
from tests.factories.setup import admins, claim, new_link

from portfolio.core.clock import utc_now
from portfolio.models.credentials import OneTimeToken
from portfolio.models.profiles import Profile
from portfolio.models.users import User
from portfolio.wiring import Services

pytestmark = pytest.mark.requirement("10")

URL = "/api/v1/auth/setup"


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
        "password", ["8lettres", "a" * 20, "🔑" * 8, "x" * 256, " 8 with spaces "]
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
