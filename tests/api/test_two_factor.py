"""The second step of a login."""

import asyncio

import httpx2
import pytest
from sqlalchemy import func, select
from tests.factories.two_factor import (
    VERIFY,
    App,
    actions,
    challenged,
    changes,
    enrol,
    later,
    told,
    verify,
)
from tests.factories.users import PASSWORD, bearing, change_users, log_in

from portfolio.core.security import digest
from portfolio.db.session import Database
from portfolio.models.sessions import UserSession
from portfolio.models.two_factor import LoginChallenge, RecoveryCode, SecondFactor
from portfolio.models.users import User
from portfolio.wiring import Services

ME = "/api/v1/me"


@pytest.fixture
async def totp(user_client: httpx2.AsyncClient) -> App:
    """The app of the reader."""
    return await enrol(user_client)


async def challenges(client: httpx2.AsyncClient, count: int) -> list[str]:
    return [await challenged(client) for _ in range(count)]


async def statuses(*answers: httpx2.Response) -> list[int]:
    return sorted(answer.status_code for answer in answers)


async def fail(client: httpx2.AsyncClient, app: App, times: int) -> list[int]:
    """With a challenge for every two: no challenge has a count of its own."""
    answers: list[int] = []
    while len(answers) < times:
        challenge = await challenged(client)
        answers += [
            (await verify(client, challenge, app.wrong_code())).status_code for _ in range(2)
        ]
    return answers


@pytest.mark.requirement("27")
class TestLogin:
    async def test_needs_no_second_step_without_a_second_factor(
        self, client: httpx2.AsyncClient, user: User
    ) -> None:
        assert "access_token" in (await log_in(client, "reader")).json()

    async def test_gives_no_token_but_a_challenge(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        answer = await log_in(client, "reader")
        challenge = answer.json().pop("challenge_token")
        assert answer.json() == {
            "two_factor_required": True,
            "challenge_token": challenge,
            "methods": ["totp", "recovery_code"],
        }
        assert "Set-Cookie" not in answer.headers
        assert "no-store" in answer.headers["Cache-Control"]

    async def test_by_the_form_is_refused(self, client: httpx2.AsyncClient, totp: App) -> None:
        form = {"username": "reader", "password": PASSWORD}
        answer = await client.post("/api/v1/auth/token", data=form)
        assert (answer.status_code, answer.json()["code"]) == (403, "two_factor_required")

    async def test_gives_a_challenge_that_is_no_bearer_token(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        challenge = await challenged(client)
        assert (await client.get(ME, headers=bearing(challenge))).status_code == 401
        body = {"refresh_token": challenge}
        assert (await client.post("/api/v1/auth/refresh", json=body)).status_code == 401

    async def test_tells_a_wrong_password_nothing_of_it(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        answer = await log_in(client, "reader", "wrong wrong wrong")
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


class TestVerify:
    async def test_gives_what_a_login_gives(
        self, client: httpx2.AsyncClient, totp: App, user: User
    ) -> None:
        answer = await verify(client, await challenged(client), totp.code(1))
        assert answer.status_code == 200
        body = answer.json()
        assert body.keys() == {
            "access_token",
            "refresh_token",
            "token_type",
            "expires_in",
            "user",
        }
        me = await client.get(ME, headers=bearing(body["access_token"]))
        assert me.json()["username"] == "reader"
        assert answer.headers["Set-Cookie"].startswith("__Host-device=")
        assert "no-store" in answer.headers["Cache-Control"]

    async def test_takes_the_code_with_its_space(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        code = totp.code(1)
        spaced = f"{code[:3]} {code[3:]}"
        assert (await verify(client, await challenged(client), spaced)).status_code == 200

    @pytest.mark.requirement("30")
    @pytest.mark.parametrize(
        ("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)]
    )
    async def test_takes_the_codes_next_to_now_and_no_others(
        self, client: httpx2.AsyncClient, totp: App, steps: int, status: int
    ) -> None:
        with later(minutes=5):
            answer = await verify(client, await challenged(client), totp.code(steps))
        assert answer.status_code == status

    @pytest.mark.requirement("30")
    async def test_takes_no_code_twice_and_none_that_is_older(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        with later(minutes=5):
            first, *others = await challenges(client, 4)
            assert (await verify(client, first, totp.code())).status_code == 200
            answers = [
                (await verify(client, challenge, totp.code(steps))).status_code
                for challenge, steps in zip(others, (0, -1, 1), strict=True)
            ]
        assert answers == [401, 401, 200]

    @pytest.mark.requirement("30")
    async def test_does_not_take_the_code_that_confirmed_the_app(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient
    ) -> None:
        with later(seconds=0):
            app = await enrol(user_client)
            answer = await verify(client, await challenged(client), app.code())
        assert answer.status_code == 401

    @pytest.mark.requirement("27")
    async def test_works_once_for_each_challenge(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        challenge = await challenged(client)
        assert (await verify(client, challenge, totp.code(1))).status_code == 200
        with later(seconds=60):
            again = await verify(client, challenge, totp.code())
        assert (again.status_code, again.json()["code"]) == (401, "invalid_code")

    @pytest.mark.requirement("27")
    async def test_ends_after_ten_minutes(self, client: httpx2.AsyncClient, totp: App) -> None:
        challenge = await challenged(client)
        with later(minutes=9, seconds=55):
            assert (await verify(client, challenge, totp.wrong_code())).status_code == 401
        with later(minutes=10, seconds=1):
            late = await verify(client, challenge, totp.code())
        assert late.status_code == 401

    async def test_answers_alike_whatever_is_wrong(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        used, living = await challenges(client, 2)
        await verify(client, used, totp.code(1))
        answers = [
            await verify(client, used, totp.wrong_code()),
            await verify(client, "x" * 43, totp.wrong_code()),
            await verify(client, living, totp.wrong_code()),
            await verify(client, living, totp.wrong_code(), "email"),
            await verify(client, living, "0000-0000-0000-0000", "recovery_code"),
        ]
        bodies = [{**answer.json(), "request_id": None} for answer in answers]
        assert all(body == bodies[0] for body in bodies)
        assert (bodies[0]["status"], bodies[0]["code"]) == (401, "invalid_code")

    @pytest.mark.requirement("27")
    async def test_is_for_the_account_of_the_challenge(
        self, client: httpx2.AsyncClient, totp: App, admin_client: httpx2.AsyncClient
    ) -> None:
        other = await enrol(admin_client)
        assert (await verify(client, await challenged(client), other.code(1))).status_code == 401
        challenge = await challenged(client, "owner")
        assert (await verify(client, challenge, totp.code(1))).status_code == 401

    async def test_is_refused_once_the_account_is_closed(
        self, client: httpx2.AsyncClient, totp: App, user: User, database: Database
    ) -> None:
        challenge = await challenged(client)
        await change_users(database, user, is_active=False)
        assert (await verify(client, challenge, totp.code(1))).status_code == 401

    @pytest.mark.parametrize(
        "code", ["", "12345", "x" * 41, "12345\0", "\uff11" * 6, "{{7*7}}", None, 123456]
    )
    async def test_refuses_what_is_no_code(self, client: httpx2.AsyncClient, code: object) -> None:
        body = {"challenge_token": "x", "method": "totp", "code": code}
        assert (await client.post(VERIFY, json=body)).status_code == 422

    async def test_leaves_a_trail(
        self, client: httpx2.AsyncClient, totp: App, database: Database
    ) -> None:
        await verify(client, await challenged(client), totp.wrong_code())
        assert await actions(database) == [
            "two_factor:totp_enabled",
            "two_factor:recovery_codes_made",
            "two_factor:failed",
        ]


@pytest.mark.requirement("102")
class TestAtOnce:
    async def test_one_challenge_and_one_code_sign_in_once(
        self, client: httpx2.AsyncClient, totp: App, database: Database
    ) -> None:
        challenge = await challenged(client)
        with later(seconds=0):
            tries = [verify(client, challenge, totp.code(1)) for _ in range(50)]
            answers = await asyncio.gather(*tries)
        assert await statuses(*answers) == [200] + [401] * 49
        async with database.reading() as db:
            sessions = (await db.execute(select(func.count(UserSession.id)))).scalar_one()
        assert sessions == 2  # with that of the fixture

    @pytest.mark.requirement("30")
    async def test_one_code_signs_in_once_whatever_the_challenge(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        tokens = await challenges(client, 50)
        with later(seconds=0):
            answers = await asyncio.gather(
                *(verify(client, token, totp.code(1)) for token in tokens)
            )
        # Ten of the others are looked at.
        assert await statuses(*answers) == [200] + [401] * 10 + [429] * 39

    @pytest.mark.requirement("32")
    async def test_one_recovery_code_signs_in_once(
        self, client: httpx2.AsyncClient, totp: App, services: Services
    ) -> None:
        tokens, code = await challenges(client, 50), totp.recovery_codes[0]
        answers = await asyncio.gather(
            *(verify(client, token, code, "recovery_code") for token in tokens)
        )
        assert (await statuses(*answers)).count(200) == 1
        assert (await changes(services)).count("recovery_code_used") == 1

    @pytest.mark.requirement("29")
    async def test_no_more_than_ten_wrong_codes_are_looked_at(
        self, client: httpx2.AsyncClient, totp: App, services: Services
    ) -> None:
        tokens = await challenges(client, 50)
        answers = await asyncio.gather(
            *(verify(client, token, totp.wrong_code()) for token in tokens)
        )
        assert await statuses(*answers) == [401] * 10 + [429] * 40
        assert len(await told(services, "two_factor_blocked")) == 1


@pytest.mark.requirement("29")
class TestBlock:
    async def test_comes_after_ten_failures_of_the_account(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        assert await fail(client, totp, 10) == [401] * 10
        refused = await verify(client, await challenged(client), totp.code(1))
        assert (refused.status_code, refused.json()["code"]) == (429, "account_locked")
        assert 3500 < int(refused.headers["Retry-After"]) <= 3600

    async def test_is_for_recovery_codes_too(self, client: httpx2.AsyncClient, totp: App) -> None:
        await fail(client, totp, 10)
        challenge = await challenged(client)
        answer = await verify(client, challenge, totp.recovery_codes[0], "recovery_code")
        assert answer.status_code == 429

    async def test_lasts_an_hour(self, client: httpx2.AsyncClient, totp: App) -> None:
        await fail(client, totp, 10)
        with later(minutes=59):
            early = await verify(client, await challenged(client), totp.code())
        with later(minutes=61):
            late = await verify(client, await challenged(client), totp.code())
        assert (early.status_code, late.status_code) == (429, 200)

    @pytest.mark.requirement("36")
    async def test_is_told_to_the_owner_once_and_written_down(
        self, client: httpx2.AsyncClient, totp: App, services: Services, database: Database
    ) -> None:
        await fail(client, totp, 10)
        await verify(client, await challenged(client), totp.wrong_code())
        assert len(await told(services, "two_factor_blocked")) == 1
        trail = await actions(database)
        assert trail.count("two_factor:failed") == 10
        assert trail.count("two_factor:blocked") == 1

    async def test_does_not_come_where_a_right_code_lies_between(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        await fail(client, totp, 8)
        assert (await verify(client, await challenged(client), totp.code(1))).status_code == 200
        assert await fail(client, totp, 8) == [401] * 8

    async def test_of_one_account_is_not_that_of_another(
        self, client: httpx2.AsyncClient, totp: App, admin_client: httpx2.AsyncClient
    ) -> None:
        other = await enrol(admin_client)
        await fail(client, totp, 10)
        answer = await verify(client, await challenged(client, "owner"), other.code(1))
        assert answer.status_code == 200


@pytest.mark.requirement("32")
class TestRecoveryCode:
    async def test_stands_in_for_the_app_once(
        self, client: httpx2.AsyncClient, totp: App, services: Services
    ) -> None:
        first, second = await challenges(client, 2)
        code = totp.recovery_codes[3]
        assert (await verify(client, first, code, "recovery_code")).status_code == 200
        assert (await verify(client, second, code, "recovery_code")).status_code == 401
        assert (await changes(services))[-1] == "recovery_code_used"

    async def test_may_be_typed_in_any_way(self, client: httpx2.AsyncClient, totp: App) -> None:
        typed = totp.recovery_codes[0].upper().replace("-", " ")
        answer = await verify(client, await challenged(client), typed, "recovery_code")
        assert answer.status_code == 200

    async def test_is_not_offered_once_all_are_used(
        self, client: httpx2.AsyncClient, totp: App
    ) -> None:
        for code in totp.recovery_codes:
            answer = await verify(client, await challenged(client), code, "recovery_code")
            assert answer.status_code == 200
        assert (await log_in(client, "reader")).json()["methods"] == ["totp"]


@pytest.mark.requirement("79")
class TestStored:
    async def test_lies_nothing_that_would_sign_in(
        self, client: httpx2.AsyncClient, totp: App, database: Database
    ) -> None:
        challenge = await challenged(client)
        async with database.reading() as db:
            seeds = list((await db.execute(select(SecondFactor.secret))).scalars())
            codes = set((await db.execute(select(RecoveryCode.digest))).scalars())
            stored = set((await db.execute(select(LoginChallenge.digest))).scalars())
        assert all(seed and totp.secret not in seed for seed in seeds)
        assert codes.isdisjoint(code.replace("-", "") for code in totp.recovery_codes)
        assert stored == {digest(challenge)}
