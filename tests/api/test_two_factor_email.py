"""Codes by mail."""

import asyncio
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from tests.factories.two_factor import (
    EMAIL,
    SEND,
    TWO_FACTOR,
    challenged,
    changes,
    enrol,
    later,
    told,
    verify,
)
from tests.factories.users import change_users, log_in

from portfolio.adapters.limiter import create_limits
from portfolio.core.config import LimitSettings
from portfolio.db.session import Database
from portfolio.models.two_factor import LoginChallenge
from portfolio.models.users import User
from portfolio.wiring import Services


@pytest.fixture
def sends_mail(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a mail server were configured."""
    monkeypatch.setattr(services.two_factor, "_mails", True)


@pytest.fixture
async def enabled(user_client: httpx2.AsyncClient, sends_mail: None) -> list[str]:
    """The recovery codes of the reader, who uses codes by mail."""
    codes: list[str] = (await user_client.put(EMAIL)).json()["recovery_codes"]
    return codes


async def send(client: httpx2.AsyncClient, challenge: str) -> httpx2.Response:
    return await client.post(SEND, json={"challenge_token": challenge})


async def sent(services: Services) -> str:
    """The newest code that went out."""
    code: str = (await told(services, "two_factor_code"))[-1]["code"]
    return code


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.mark.requirement("35")
class TestEnable:
    async def test_needs_a_mail_server(self, user_client: httpx2.AsyncClient) -> None:
        answer = await user_client.put(EMAIL)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert "mail" in answer.json()["detail"]
        assert (await user_client.get(TWO_FACTOR)).json()["email_available"] is False

    async def test_needs_a_confirmed_address(
        self, user_client: httpx2.AsyncClient, user: User, database: Database, sends_mail: None
    ) -> None:
        await change_users(database, user, email_verified_at=None)
        answer = await user_client.put(EMAIL)
        assert answer.status_code == 409
        assert "Confirm" in answer.json()["detail"]

    @pytest.mark.requirement("32")
    async def test_gives_recovery_codes_once(
        self, user_client: httpx2.AsyncClient, enabled: list[str]
    ) -> None:
        assert len(set(enabled)) == 10
        again = await user_client.put(EMAIL)
        assert (again.status_code, again.json()) == (200, {"recovery_codes": None})

    async def test_leaves_the_codes_that_came_with_the_app(
        self, user_client: httpx2.AsyncClient, sends_mail: None
    ) -> None:
        await enrol(user_client)
        assert (await user_client.put(EMAIL)).json() == {"recovery_codes": None}
        state = (await user_client.get(TWO_FACTOR)).json()
        assert state["methods"] == ["totp", "email", "recovery_code"]

    @pytest.mark.requirement("36")
    async def test_is_told_to_the_owner_once(
        self, user_client: httpx2.AsyncClient, enabled: list[str], services: Services
    ) -> None:
        await user_client.put(EMAIL)
        await user_client.delete(EMAIL)
        assert await changes(services) == ["email_on", "email_off"]

    async def test_at_once_is_done_once(
        self, user_client: httpx2.AsyncClient, sends_mail: None, services: Services
    ) -> None:
        answers = await asyncio.gather(*(user_client.put(EMAIL) for _ in range(10)))
        assert [answer.status_code for answer in answers] == [200] * 10
        assert len([answer for answer in answers if answer.json()["recovery_codes"]]) == 1
        assert await changes(services) == ["email_on"]

    async def test_of_an_admin_opens_no_way_around_the_app(
        self, client: httpx2.AsyncClient, admin_client: httpx2.AsyncClient, sends_mail: None
    ) -> None:
        await admin_client.put(EMAIL)
        assert (await log_in(client)).json()["methods"] == ["email", "recovery_code"]
        await enrol(admin_client)
        challenge = (await log_in(client)).json()
        assert challenge["methods"] == ["totp", "recovery_code"]
        assert (await send(client, challenge["challenge_token"])).status_code == 409


@pytest.mark.requirement("28")
class TestCode:
    async def test_signs_in(
        self, client: httpx2.AsyncClient, enabled: list[str], services: Services
    ) -> None:
        challenge = await challenged(client)
        answer = await send(client, challenge)
        assert answer.status_code == 202
        code = await sent(services)
        assert len(code) == 6
        assert code not in answer.text
        verified = await verify(client, challenge, code, "email")
        assert verified.status_code == 200
        assert "access_token" in verified.json()

    async def test_is_not_stored_as_it_is(
        self,
        client: httpx2.AsyncClient,
        enabled: list[str],
        services: Services,
        database: Database,
    ) -> None:
        await send(client, await challenged(client))
        code = await sent(services)
        async with database.reading() as db:
            (row,) = (await db.execute(select(LoginChallenge))).scalars()
        assert row.code_digest is not None
        assert code not in row.code_digest

    async def test_works_for_its_challenge_only(
        self, client: httpx2.AsyncClient, enabled: list[str], services: Services
    ) -> None:
        first, second = await challenged(client), await challenged(client)
        await send(client, first)
        code = await sent(services)
        assert (await verify(client, second, code, "email")).status_code == 401
        assert (await verify(client, first, code, "email")).status_code == 200

    async def test_dies_with_the_next_one(
        self, client: httpx2.AsyncClient, enabled: list[str], services: Services
    ) -> None:
        challenge = await challenged(client)
        await send(client, challenge)
        old = await sent(services)
        await send(client, challenge)
        new = await sent(services)
        if old != new:
            assert (await verify(client, challenge, old, "email")).status_code == 401
        assert (await verify(client, challenge, new, "email")).status_code == 200

    async def test_dies_after_five_wrong_tries(
        self, client: httpx2.AsyncClient, enabled: list[str], services: Services
    ) -> None:
        challenge = await challenged(client)
        await send(client, challenge)
        code = await sent(services)
        for _ in range(5):
            answer = await verify(client, challenge, another(code), "email")
            assert answer.status_code == 401
        assert (await verify(client, challenge, code, "email")).status_code == 401

    async def test_outlives_four_wrong_tries(
        self, client: httpx2.AsyncClient, enabled: list[str], services: Services
    ) -> None:
        challenge = await challenged(client)
        await send(client, challenge)
        code = await sent(services)
        for _ in range(4):
            await verify(client, challenge, another(code), "email")
        assert (await verify(client, challenge, code, "email")).status_code == 200

    async def test_dies_after_ten_minutes(
        self, client: httpx2.AsyncClient, enabled: list[str], services: Services
    ) -> None:
        challenge = await challenged(client)
        await send(client, challenge)
        code = await sent(services)
        with later(minutes=10, seconds=1):
            assert (await verify(client, challenge, code, "email")).status_code == 401

    @pytest.mark.requirement("102")
    async def test_signs_in_once_of_many(
        self, client: httpx2.AsyncClient, enabled: list[str], services: Services
    ) -> None:
        challenge = await challenged(client)
        await send(client, challenge)
        code = await sent(services)
        answers = await asyncio.gather(
            *(verify(client, challenge, code, "email") for _ in range(50))
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 49

    async def test_before_any_was_sent_is_wrong(
        self, client: httpx2.AsyncClient, enabled: list[str]
    ) -> None:
        assert (
            await verify(client, await challenged(client), "000000", "email")
        ).status_code == 401


class TestSend:
    async def test_asks_for_a_challenge_that_lives(self, client: httpx2.AsyncClient) -> None:
        answer = await send(client, "x" * 43)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_code")

    async def test_is_for_accounts_that_use_it(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient
    ) -> None:
        await enrol(user_client)
        assert (await send(client, await challenged(client))).status_code == 409

    @pytest.mark.requirement("17")
    async def test_is_limited_for_each_account(
        self,
        client: httpx2.AsyncClient,
        enabled: list[str],
        services: Services,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        limits: Any = create_limits(
            services.settings.model_copy(update={"limits": LimitSettings()})
        )
        monkeypatch.setattr(services.two_factor._email, "_limits", limits)
        answers = [await send(client, await challenged(client)) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        assert answers[-1].json()["code"] == "rate_limited"
        assert len(await told(services, "two_factor_code")) == 3
