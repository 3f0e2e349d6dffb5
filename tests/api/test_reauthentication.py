"""Proving again who one is."""

from typing import Any

import httpx2
import pytest
from tests.factories.two_factor import REAUTHENTICATE, TOTP, App, actions, enrol
from tests.factories.users import PASSWORD, grow_stale, log_in

from portfolio.db.session import Database

WRONG = "wrong wrong wrong"


@pytest.fixture
async def totp(user_client: httpx2.AsyncClient, database: Database) -> App:
    """The app of the reader, who has not proven for a while who they are."""
    app = await enrol(user_client)
    await grow_stale(database)
    return app


async def prove(client: httpx2.AsyncClient, **proof: Any) -> httpx2.Response:
    return await client.post(REAUTHENTICATE, json=proof)


async def is_fresh(client: httpx2.AsyncClient) -> bool:
    """Removing what is not there is refused as well, but for another reason."""
    answer = await client.post(TOTP)
    assert answer.status_code in {200, 403, 409}
    return answer.status_code != 403


@pytest.mark.requirement("31")
class TestReauthenticate:
    async def test_is_not_for_strangers(self, client: httpx2.AsyncClient) -> None:
        assert (await prove(client, password=PASSWORD)).status_code == 401

    async def test_takes_the_password(
        self, user_client: httpx2.AsyncClient, database: Database
    ) -> None:
        await grow_stale(database)
        assert not await is_fresh(user_client)
        assert (await prove(user_client, password=PASSWORD)).status_code == 204
        assert await is_fresh(user_client)
        assert await actions(database) == ["auth:reauthenticated"]

    async def test_takes_a_code_of_the_app_once(
        self, user_client: httpx2.AsyncClient, totp: App, database: Database
    ) -> None:
        answer = await prove(user_client, method="totp", code=totp.code(1))
        assert answer.status_code == 204
        assert await is_fresh(user_client)
        again = await prove(user_client, method="totp", code=totp.code(1))
        assert (again.status_code, again.json()["code"]) == (401, "invalid_code")

    async def test_takes_a_recovery_code_once(
        self, user_client: httpx2.AsyncClient, totp: App
    ) -> None:
        proof = {"method": "recovery_code", "code": totp.recovery_codes[0]}
        assert (await prove(user_client, **proof)).status_code == 204
        assert (await prove(user_client, **proof)).status_code == 401

    @pytest.mark.requirement("9")
    async def test_counts_a_wrong_password_as_a_failed_login(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, database: Database
    ) -> None:
        await grow_stale(database)
        answers = [await prove(user_client, password=WRONG) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [403] * 5 + [429]
        assert answers[0].json()["code"] == "wrong_password"
        assert not await is_fresh(user_client)
        assert (await log_in(client, "reader@example.com")).status_code == 429
        assert (await actions(database)).count("auth:reauthentication_failed") == 5

    @pytest.mark.requirement("29")
    async def test_counts_wrong_codes_for_the_account(
        self, user_client: httpx2.AsyncClient, totp: App, database: Database
    ) -> None:
        answers = [
            await prove(user_client, method="totp", code=totp.wrong_code()) for _ in range(11)
        ]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert not await is_fresh(user_client)
        assert (await actions(database)).count("auth:reauthentication_failed") == 10

    async def test_without_a_second_factor_takes_no_code(
        self, user_client: httpx2.AsyncClient
    ) -> None:
        assert (await prove(user_client, method="totp", code="123456")).status_code == 401

    @pytest.mark.parametrize(
        "proof",
        [
            {},
            {"password": PASSWORD, "method": "totp", "code": "123456"},
            {"method": "totp"},
            {"code": "123456"},
            {"method": "email", "code": "123456"},
            {"password": ""},
        ],
    )
    async def test_refuses_what_is_no_proof(
        self, user_client: httpx2.AsyncClient, proof: dict[str, str]
    ) -> None:
        assert (await prove(user_client, **proof)).status_code == 422
