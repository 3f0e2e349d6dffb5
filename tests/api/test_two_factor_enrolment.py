"""What an account's owner decides about the second step."""

import asyncio
from xml.etree import ElementTree as ET

import httpx2
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from tests.factories.clients import make_client
from tests.factories.two_factor import (
    CONFIRM,
    EMAIL,
    RECOVERY_CODES,
    TOTP,
    TWO_FACTOR,
    App,
    actions,
    challenged,
    changes,
    enrol,
    later,
    verify,
)
from tests.factories.users import grow_stale, log_in, make_access_token

from portfolio.core.sealing import Sealer
from portfolio.core.totp import qr_svg
from portfolio.db.session import Database
from portfolio.models.two_factor import SecondFactor
from portfolio.models.users import User
from portfolio.wiring import Services

ME = "/api/v1/me"
CHANGES = [
    ("POST", TOTP, None),
    ("POST", CONFIRM, {"code": "123456"}),
    ("DELETE", TOTP, None),
    ("PUT", EMAIL, None),
    ("DELETE", EMAIL, None),
    ("POST", RECOVERY_CODES, None),
]
NOTHING = {
    "enabled": False,
    "methods": [],
    "totp": False,
    "email": False,
    "email_available": False,
    "recovery_codes_left": 0,
}


class TestRead:
    async def test_is_not_for_strangers(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get(TWO_FACTOR)).status_code == 401

    async def test_shows_that_there_is_none(self, user_client: httpx2.AsyncClient) -> None:
        answer = await user_client.get(TWO_FACTOR)
        assert (answer.status_code, answer.json()) == (200, NOTHING)
        assert answer.headers["Cache-Control"] == "private, no-store"

    async def test_shows_what_there_is(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient
    ) -> None:
        app = await enrol(user_client)
        await verify(client, await challenged(client), app.recovery_codes[0], "recovery_code")
        assert (await user_client.get(TWO_FACTOR)).json() == {
            **NOTHING,
            "enabled": True,
            "methods": ["totp", "recovery_code"],
            "totp": True,
            "recovery_codes_left": 9,
        }


@pytest.mark.requirement("31")
class TestChange:
    @pytest.mark.parametrize(("method", "path", "body"), CHANGES)
    async def test_is_not_for_strangers(
        self, client: httpx2.AsyncClient, method: str, path: str, body: dict[str, str] | None
    ) -> None:
        assert (await client.request(method, path, json=body)).status_code == 401

    @pytest.mark.parametrize(("method", "path", "body"), CHANGES)
    async def test_asks_who_is_there_after_five_minutes(
        self,
        user_client: httpx2.AsyncClient,
        database: Database,
        method: str,
        path: str,
        body: dict[str, str] | None,
    ) -> None:
        await grow_stale(database)
        answer = await user_client.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "reauth_required")


@pytest.mark.requirement("30")
class TestEnrol:
    async def test_gives_a_seed_its_uri_and_its_picture(
        self, user_client: httpx2.AsyncClient
    ) -> None:
        answer = await user_client.post(TOTP)
        assert answer.status_code == 200
        body = answer.json()
        parsed = pyotp.parse_uri(body["otpauth_uri"])
        assert isinstance(parsed, pyotp.TOTP)
        assert (parsed.secret, parsed.issuer, parsed.name) == (
            body["secret"],
            "Example",
            "reader@example.com",
        )
        assert (parsed.digits, parsed.interval, parsed.digest().name) == (6, 30, "sha1")
        assert len(parsed.byte_secret()) * 8 == 160
        assert body["qr_svg"] == qr_svg(body["otpauth_uri"])
        assert ET.fromstring(body["qr_svg"]).tag.endswith("svg")  # noqa: S314 - our own drawing
        assert answer.headers["Cache-Control"] == "private, no-store"

    @pytest.mark.requirement("31")
    async def test_changes_nothing_until_it_is_confirmed(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, services: Services
    ) -> None:
        await user_client.post(TOTP)
        assert (await user_client.get(TWO_FACTOR)).json() == NOTHING
        assert "access_token" in (await log_in(client, "reader")).json()
        assert await changes(services) == []

    async def test_again_replaces_the_seed(self, user_client: httpx2.AsyncClient) -> None:
        old, new = [(await user_client.post(TOTP)).json()["secret"] for _ in range(2)]
        with later(seconds=0):
            wrong = {"code": App(old, []).code()}
            right = {"code": App(new, []).code()}
            assert (await user_client.post(CONFIRM, json=wrong)).status_code == 401
            assert (await user_client.post(CONFIRM, json=right)).status_code == 200

    async def test_is_refused_where_one_is_active(self, user_client: httpx2.AsyncClient) -> None:
        await enrol(user_client)
        assert (await user_client.post(TOTP)).status_code == 409

    @pytest.mark.requirement("79")
    async def test_stores_the_seed_sealed(
        self, user_client: httpx2.AsyncClient, database: Database
    ) -> None:
        secret = (await user_client.post(TOTP)).json()["secret"]
        async with database.reading() as db:
            (sealed,) = (await db.execute(select(SecondFactor.secret))).scalars()
        assert sealed is not None
        assert secret not in sealed
        assert Sealer(["k" * 32]).open(sealed) == secret

    async def test_keeps_no_answer_for_a_repetition(self, user_client: httpx2.AsyncClient) -> None:
        headers = {"Idempotency-Key": "again"}
        answers = [await user_client.post(TOTP, headers=headers) for _ in range(2)]
        first, second = (answer.json()["secret"] for answer in answers)
        assert first != second


@pytest.mark.requirement("31")
class TestConfirm:
    async def test_needs_something_to_confirm(self, user_client: httpx2.AsyncClient) -> None:
        assert (await user_client.post(CONFIRM, json={"code": "123456"})).status_code == 409

    async def test_needs_the_right_code(
        self, user_client: httpx2.AsyncClient, database: Database
    ) -> None:
        app = App((await user_client.post(TOTP)).json()["secret"], [])
        answer = await user_client.post(CONFIRM, json={"code": app.wrong_code()})
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_code")
        assert (await user_client.get(TWO_FACTOR)).json() == NOTHING
        assert await actions(database) == ["two_factor:failed"]

    @pytest.mark.requirement("29")
    async def test_counts_wrong_codes_for_the_account(
        self, user_client: httpx2.AsyncClient
    ) -> None:
        app = App((await user_client.post(TOTP)).json()["secret"], [])
        answers = [
            await user_client.post(CONFIRM, json={"code": app.wrong_code()}) for _ in range(11)
        ]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429]

    @pytest.mark.requirement("32")
    async def test_gives_ten_recovery_codes(self, user_client: httpx2.AsyncClient) -> None:
        assert len(set((await enrol(user_client)).recovery_codes)) == 10

    async def test_at_once_is_done_once(
        self, user_client: httpx2.AsyncClient, services: Services
    ) -> None:
        app = App((await user_client.post(TOTP)).json()["secret"], [])
        with later(seconds=0):
            body = {"code": app.code()}
            answers = await asyncio.gather(
                *(user_client.post(CONFIRM, json=body) for _ in range(20))
            )
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
        assert await changes(services) == ["totp_on"]

    @pytest.mark.requirement("36")
    async def test_is_told_to_the_owner_and_written_down(
        self, user_client: httpx2.AsyncClient, services: Services, database: Database
    ) -> None:
        await enrol(user_client)
        assert await changes(services) == ["totp_on"]
        assert await actions(database) == [
            "two_factor:totp_enabled",
            "two_factor:recovery_codes_made",
        ]

    @pytest.mark.requirement("21")
    async def test_ends_the_other_sessions(
        self, app: FastAPI, services: Services, user: User, user_client: httpx2.AsyncClient
    ) -> None:
        async with make_client(app, await make_access_token(services, user)) as other:
            assert (await other.get(ME)).status_code == 200
            await enrol(user_client)
            assert (await other.get(ME)).status_code == 401
        assert (await user_client.get(ME)).status_code == 200


class TestDisable:
    @pytest.mark.parametrize("path", [TOTP, EMAIL])
    async def test_needs_something_that_is_on(
        self, user_client: httpx2.AsyncClient, path: str
    ) -> None:
        assert (await user_client.delete(path)).status_code == 404

    async def test_takes_the_second_step_away_and_its_recovery_codes(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, services: Services
    ) -> None:
        await enrol(user_client)
        assert (await user_client.delete(TOTP)).status_code == 204
        assert (await user_client.get(TWO_FACTOR)).json() == NOTHING
        assert "access_token" in (await log_in(client, "reader")).json()
        assert await changes(services) == ["totp_on", "totp_off"]

    async def test_leaves_the_codes_while_another_factor_is_there(
        self,
        user_client: httpx2.AsyncClient,
        services: Services,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(services.two_factor, "_mails", True)
        await enrol(user_client)
        await user_client.put(EMAIL)
        await user_client.delete(TOTP)
        state = (await user_client.get(TWO_FACTOR)).json()
        assert (state["methods"], state["recovery_codes_left"]) == (["email", "recovery_code"], 10)

    async def test_drops_a_seed_that_was_not_confirmed(
        self, user_client: httpx2.AsyncClient, services: Services
    ) -> None:
        await user_client.post(TOTP)
        assert (await user_client.delete(TOTP)).status_code == 204
        assert (await user_client.post(CONFIRM, json={"code": "123456"})).status_code == 409
        assert await changes(services) == []

    @pytest.mark.requirement("21")
    async def test_ends_the_other_sessions_and_logins_that_are_half_done(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        services: Services,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(services.two_factor, "_mails", True)
        await user_client.put(EMAIL)
        app = await enrol(user_client)
        other = (await verify(client, await challenged(client), app.code(1))).json()
        challenge = await challenged(client)
        await user_client.delete(EMAIL)
        headers = {"Authorization": f"Bearer {other['access_token']}"}
        assert (await client.get(ME, headers=headers)).status_code == 401
        with later(minutes=2):
            assert (await verify(client, challenge, app.code())).status_code == 401


@pytest.mark.requirement("32")
class TestRecoveryCodes:
    async def test_need_a_second_factor(self, user_client: httpx2.AsyncClient) -> None:
        assert (await user_client.post(RECOVERY_CODES)).status_code == 409

    async def test_made_anew_kill_the_old(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, services: Services
    ) -> None:
        app = await enrol(user_client)
        answer = await user_client.post(RECOVERY_CODES)
        assert answer.status_code == 200
        new = answer.json()["recovery_codes"]
        assert set(new).isdisjoint(app.recovery_codes)
        for code, status in ((app.recovery_codes[0], 401), (new[0], 200)):
            answer = await verify(client, await challenged(client), code, "recovery_code")
            assert answer.status_code == status
        assert await changes(services) == [
            "totp_on",
            "recovery_codes_renewed",
            "recovery_code_used",
        ]


class TestReset:
    async def test_leaves_no_factor_no_session_and_no_block(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        user: User,
        services: Services,
        database: Database,
    ) -> None:
        app = await enrol(user_client)
        challenge = await challenged(client)
        for _ in range(10):
            await verify(client, challenge, app.wrong_code())
        async with database.transaction() as db:
            await services.two_factor.reset(db, user)
        assert (await user_client.get(ME)).status_code == 401
        assert "access_token" in (await log_in(client, "reader")).json()
        assert (await verify(client, challenge, app.code(1))).status_code == 401
        assert await changes(services) == ["totp_on", "totp_off"]
        assert "two_factor:reset" in await actions(database)


class TestKeys:
    async def test_that_are_rotated_seal_the_seed_anew_when_it_is_used(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        services: Services,
        database: Database,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        app = await enrol(user_client)
        rotated = Sealer(["n" * 32, "k" * 32])
        monkeypatch.setattr(services.two_factor._totp, "_sealer", rotated)
        assert (await verify(client, await challenged(client), app.code(1))).status_code == 200
        async with database.reading() as db:
            (sealed,) = (await db.execute(select(SecondFactor.secret))).scalars()
        assert Sealer(["n" * 32]).open(sealed or "") == app.secret

    async def test_that_are_lost_leave_the_recovery_codes(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        services: Services,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        app = await enrol(user_client)
        monkeypatch.setattr(services.two_factor._totp, "_sealer", Sealer(["n" * 32]))
        challenge = await challenged(client)
        assert (await verify(client, challenge, app.code(1))).status_code == 401
        code = app.recovery_codes[0]
        assert (await verify(client, challenge, code, "recovery_code")).status_code == 200
