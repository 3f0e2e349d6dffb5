"""Wrong guesses lock; the owner's own browser is never locked out by others."""

import asyncio
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from tests.factories.clients import make_client
from tests.factories.users import LOGIN, PASSWORD, bearing, change_users, log_in
from tests.factories.waiting_mail import token_for
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.core.errors import RetryableException
from portfolio.db.session import Database
from portfolio.models.lockout import FOREVER, AttemptCounter, Rules
from portfolio.models.outbox import OutboxJob
from portfolio.models.users import User
from portfolio.wiring import Services

WRONG = "wrong wrong wrong"
COOKIE = "__Host-device"


async def fail(client: httpx2.AsyncClient, times: int, identifier: str = "owner") -> list[int]:
    return [(await log_in(client, identifier, WRONG)).status_code for _ in range(times)]


def device_of(answer: httpx2.Response) -> str:
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    return str(cookie.partition(";")[0])


async def counters(database: Database) -> list[AttemptCounter]:
    async with database.reading() as db:
        return list((await db.execute(select(AttemptCounter))).scalars())


async def waiting_mails(database: Database) -> int:
    async with database.reading() as db:
        jobs = await db.execute(select(OutboxJob.id).where(OutboxJob.topic == "mail"))
        return len(jobs.all())


@pytest.mark.requirement("12")
class TestLock:
    async def test_comes_after_five_failures_and_looks_at_no_password(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        assert await fail(client, 5) == [401] * 5
        refused = await log_in(client, "owner", PASSWORD)
        assert refused.status_code == 429
        assert refused.json()["code"] == "account_locked"
        assert 0 < int(refused.headers["Retry-After"]) <= 900

    async def test_ends_after_a_quarter_of_an_hour(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        await fail(client, 5)
        start = utc_now()
        with travel(start + timedelta(minutes=15, seconds=-5), tick=False):
            assert (await log_in(client, "owner")).status_code == 429
        with travel(start + timedelta(minutes=15, seconds=5), tick=False):
            assert (await log_in(client, "owner")).status_code == 200

    async def test_lasts_twice_as_long_the_next_time(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        await fail(client, 5)
        start = utc_now() + timedelta(minutes=16)
        with travel(start, tick=False):
            assert await fail(client, 6) == [401] * 5 + [429]
        with travel(start + timedelta(minutes=29), tick=False):
            assert (await log_in(client, "owner")).status_code == 429
        with travel(start + timedelta(minutes=31), tick=False):
            assert (await log_in(client, "owner")).status_code == 200

    def test_never_lasts_longer_than_a_day(self) -> None:
        rules = Rules(limit=5, lock=timedelta(minutes=15), factor=2)
        lengths = [rules.duration(locks) for locks in (0, 1, 2, 6, 7, 10_000)]
        assert lengths[:3] == [timedelta(minutes=minutes) for minutes in (15, 30, 60)]
        assert lengths[3:] == [timedelta(hours=16), timedelta(days=1), timedelta(days=1)]

    @pytest.mark.requirement("11")
    async def test_counts_every_way_in(self, client: httpx2.AsyncClient, admin: User) -> None:
        await fail(client, 3)
        form = {"username": "owner", "password": WRONG}
        for _ in range(2):
            assert (await client.post("/api/v1/auth/token", data=form)).status_code == 401
        assert (await log_in(client, "owner")).status_code == 429
        answer = await client.post("/api/v1/auth/token", data={**form, "password": PASSWORD})
        assert answer.status_code == 429

    @pytest.mark.requirement("13")
    async def test_falls_on_those_who_do_not_exist_in_the_same_words(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        for identifier in ("owner", "nobody", "nobody@example.com"):
            assert await fail(client, 5, identifier) == [401] * 5
        known, *unknown = [
            {**(await log_in(client, identifier, WRONG)).json(), "request_id": ""}
            for identifier in ("owner", "nobody", "nobody@example.com")
        ]
        assert unknown == [known, known]

    @pytest.mark.requirement("15")
    async def test_stays_after_a_hundred_failures_until_somebody_unlocks(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        await fail(client, 1)
        (counter,) = await counters(database)
        async with database.transaction() as db:
            row = await db.get(AttemptCounter, counter.key)
            assert row is not None
            row.streak, row.failures = 99, 4
        assert await fail(client, 1) == [401]
        with travel(utc_now() + timedelta(days=3650), tick=False):
            refused = await log_in(client, "owner")
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) <= 86_400
        assert (await counters(database))[0].locked_until == FOREVER

    @pytest.mark.requirement("15")
    async def test_lets_five_of_fifty_at_once_through(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        answers = await asyncio.gather(*(log_in(client, "owner", WRONG) for _ in range(50)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [401] * 5 + [429] * 45
        (counter,) = await counters(database)
        assert (counter.streak, counter.pending, counter.locks) == (5, 0, 1)

    async def test_is_exact_across_processes(self, database: Database) -> None:
        """Each process has a gate of its own; the row is what they share."""
        rules = Rules(limit=5, lock=timedelta(minutes=15))
        taken = 0

        async def begin() -> None:
            nonlocal taken
            while True:
                try:
                    async with database.transaction() as db:
                        counter = await db.get(AttemptCounter, "k", with_for_update=True)
                        assert counter is not None
                        taken += counter.begin(utc_now(), rules)
                    break
                except RetryableException:
                    await asyncio.sleep(0.01)

        async with database.transaction() as db:
            db.add(AttemptCounter(key="k", failures=0, streak=0, pending=0, locks=0))
        await asyncio.gather(*(begin() for _ in range(20)))
        assert taken == 5

    async def test_is_exact_when_somebody_unlocks_meanwhile(self) -> None:
        rules, now = Rules(limit=5, lock=timedelta(minutes=15)), utc_now()
        counter = AttemptCounter(key="k", failures=0, streak=0, pending=0, locks=0, updated_at=now)
        assert all(counter.begin(now, rules) for _ in range(3))
        counter.clear()
        assert [counter.begin(now, rules) for _ in range(3)] == [True, True, False]

    async def test_does_not_grow_from_what_died_while_it_was_looked_at(self) -> None:
        rules, now = Rules(limit=5, lock=timedelta(minutes=15)), utc_now()
        counter = AttemptCounter(key="k", failures=0, streak=0, pending=0, locks=0, updated_at=now)
        assert [counter.begin(now, rules) for _ in range(6)] == [True] * 5 + [False]
        later = now + timedelta(minutes=1)
        # They count as failures then, and failures that never locked lock now.
        assert not counter.begin(later, rules)
        assert counter.locked_for(later) is not None


@pytest.mark.requirement("16")
class TestSuccess:
    async def test_starts_the_count_anew(self, client: httpx2.AsyncClient, admin: User) -> None:
        for _ in range(3):
            assert await fail(client, 4) == [401] * 4
            assert (await log_in(client, "owner")).status_code == 200

    async def test_leaves_the_counters_of_others_alone(
        self, client: httpx2.AsyncClient, admin: User, user: User
    ) -> None:
        await fail(client, 4, "reader")
        assert (await log_in(client, "owner")).status_code == 200
        assert await fail(client, 2, "reader") == [401, 429]

    async def test_of_an_account_that_is_closed_counts_as_a_failure(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        await change_users(database, is_active=False)
        statuses = [(await log_in(client, "owner")).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]


@pytest.mark.requirement("14")
class TestKnownBrowser:
    async def test_is_remembered_by_a_cookie_that_scripts_cannot_read(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        cookie = (await log_in(client)).headers["Set-Cookie"]
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "secure", "path=/", "samesite=lax"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)

    async def test_gets_in_while_strangers_are_locked_out(
        self, app: FastAPI, client: httpx2.AsyncClient, admin: User
    ) -> None:
        device = device_of(await log_in(client))
        async with make_client(app) as stranger:
            assert await fail(stranger, 6) == [401] * 5 + [429]
        answer = await client.post(
            LOGIN,
            json={"identifier": "owner", "password": PASSWORD},
            headers={"Cookie": device},
        )
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers

    async def test_has_five_guesses_of_its_own(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        headers = {"Cookie": device_of(await log_in(client))}
        body = {"identifier": "owner", "password": WRONG}
        statuses = [
            (await client.post(LOGIN, json=body, headers=headers)).status_code for _ in range(6)
        ]
        assert statuses == [401] * 5 + [429]
        assert (await log_in(client, "owner")).status_code == 200

    @pytest.mark.parametrize("way", ["link", "admin"])
    async def test_gets_in_again_once_somebody_unlocks(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        admin: User,
        services: Services,
        way: str,
    ) -> None:
        headers = {"Cookie": device_of(await log_in(client))}
        wrong = {"identifier": "owner", "password": WRONG}
        right = {"identifier": "owner", "password": PASSWORD}
        for _ in range(5):
            await client.post(LOGIN, json=wrong, headers=headers)
        assert (await client.post(LOGIN, json=right, headers=headers)).status_code == 429
        if way == "link":
            token = await token_for(services, admin.email, "unlock_account")
            await client.post("/api/v1/auth/unlock", json={"token": token})
        else:
            await admin_client.post(f"/api/v1/users/{admin.id}/unlock")
        assert (await client.post(LOGIN, json=right, headers=headers)).status_code == 200

    async def test_is_known_to_its_own_account_only(
        self, client: httpx2.AsyncClient, admin: User, user: User
    ) -> None:
        headers = {"Cookie": device_of(await log_in(client, "reader"))}
        await fail(client, 5)
        body = {"identifier": "owner", "password": PASSWORD}
        assert (await client.post(LOGIN, json=body, headers=headers)).status_code == 429

    @pytest.mark.parametrize("cookie", ["", "nonsense", "eyJhbGciOiJub25lIn0.e30."])
    async def test_is_not_feigned(
        self, client: httpx2.AsyncClient, admin: User, cookie: str
    ) -> None:
        await fail(client, 5)
        body = {"identifier": "owner", "password": PASSWORD}
        headers = {"Cookie": f"{COOKIE}={cookie}"}
        assert (await client.post(LOGIN, json=body, headers=headers)).status_code == 429

    async def test_does_not_pass_for_a_login(self, client: httpx2.AsyncClient, admin: User) -> None:
        device = device_of(await log_in(client))
        token = device.partition("=")[2]
        assert (await client.get("/api/v1/me", headers={"Cookie": device})).status_code == 401
        assert (await client.get("/api/v1/me", headers=bearing(token))).status_code == 401


@pytest.mark.requirement("36")
class TestOwner:
    async def test_is_sent_a_way_back_in(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        await fail(client, 4)
        assert await waiting_mails(database) == 0
        await fail(client, 3)
        assert await waiting_mails(database) == 1

    async def test_hears_of_a_new_device_once(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        await log_in(client)
        assert await waiting_mails(database) == 0
        body = {"identifier": "owner", "password": PASSWORD}
        for _ in range(2):
            await client.post(LOGIN, json=body, headers={"User-Agent": "Another/1.0"})
        assert await waiting_mails(database) == 1
