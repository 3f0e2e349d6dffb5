"""Refresh tokens: each works once, and a copy that comes later ends the session."""

import asyncio
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select
from tests.factories.users import bearing, change_users, log_in
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.audit import Action, AuditEntry
from portfolio.models.outbox import OutboxJob
from portfolio.models.sessions import SpentRefreshToken, UserSession
from portfolio.models.users import User
from portfolio.wiring import Services

URL = "/api/v1/auth/refresh"


async def refresh(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await client.post(URL, json={"refresh_token": token})


async def tokens_of(client: httpx2.AsyncClient) -> tuple[str, str]:
    found = (await log_in(client)).json()
    return found["access_token"], found["refresh_token"]


async def me(client: httpx2.AsyncClient, access_token: str) -> int:
    return (await client.get("/api/v1/me", headers=bearing(access_token))).status_code


@pytest.mark.requirement("22")
class TestRefresh:
    async def test_hands_out_new_tokens_of_the_same_session(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        access, token = await tokens_of(client)
        answer = await refresh(client, token)
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]
        found = answer.json()
        assert found["refresh_token"] != token
        assert found["user"]["id"] == admin.id
        assert await me(client, found["access_token"]) == 200
        assert await me(client, access) == 200
        async with database.reading() as db:
            assert len((await db.execute(select(UserSession))).all()) == 1

    @pytest.mark.parametrize("token", ["nonsense", "a" * 43, "eyJhbGciOiJub25lIn0.e30."])
    async def test_refuses_what_was_never_handed_out(
        self, client: httpx2.AsyncClient, admin: User, token: str
    ) -> None:
        answer = await refresh(client, token)
        assert answer.status_code == 401
        assert answer.json()["code"] == "invalid_refresh_token"

    async def test_takes_no_access_token(self, client: httpx2.AsyncClient, admin: User) -> None:
        access, _ = await tokens_of(client)
        assert (await refresh(client, access)).status_code == 422  # longer than any refresh token
        assert await me(client, (await tokens_of(client))[1]) == 401

    async def test_ends_after_a_week_of_silence(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        _, token = await tokens_of(client)
        with travel(utc_now() + timedelta(days=6, hours=23), tick=False):
            token = (await refresh(client, token)).json()["refresh_token"]
        with travel(utc_now() + timedelta(days=14), tick=False):
            assert (await refresh(client, token)).status_code == 401

    async def test_ends_after_a_month_whatever_happens(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        _, token = await tokens_of(client)
        start = utc_now()
        for days in (6, 12, 18, 24, 29):
            with travel(start + timedelta(days=days), tick=False):
                token = (await refresh(client, token)).json()["refresh_token"]
        with travel(start + timedelta(days=30, seconds=1), tick=False):
            assert (await refresh(client, token)).status_code == 401

    async def test_is_over_with_the_session(self, client: httpx2.AsyncClient, admin: User) -> None:
        access, token = await tokens_of(client)
        await client.post("/api/v1/auth/logout", headers=bearing(access))
        assert (await refresh(client, token)).status_code == 401

    async def test_is_over_with_the_account(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        _, token = await tokens_of(client)
        await change_users(database, is_active=False)
        assert (await refresh(client, token)).status_code == 401

    async def test_keeps_no_token_in_clear(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        _, token = await tokens_of(client)
        successor = (await refresh(client, token)).json()["refresh_token"]
        async with database.reading() as db:
            session = (await db.execute(select(UserSession))).scalar_one()
            spent = (await db.execute(select(SpentRefreshToken))).scalar_one()
        assert not {token, successor} & {session.refresh_digest, session.sid, spent.digest}


@pytest.mark.requirement("22")
class TestReuse:
    async def test_gives_the_same_answer_for_ten_seconds(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        _, token = await tokens_of(client)
        first = (await refresh(client, token)).json()
        again = await refresh(client, token)
        assert again.status_code == 200
        assert again.json()["refresh_token"] == first["refresh_token"]

    async def test_later_ends_the_whole_family(
        self, client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        access, token = await tokens_of(client)
        successor = (await refresh(client, token)).json()
        with travel(utc_now() + timedelta(seconds=11), tick=False):
            assert (await refresh(client, token)).status_code == 401
            assert (await refresh(client, successor["refresh_token"])).status_code == 401
            assert await me(client, access) == 401
            assert await me(client, successor["access_token"]) == 401
        async with database.reading() as db:
            actions = (await db.execute(select(AuditEntry.action))).scalars().all()
            mails = (await db.execute(select(OutboxJob).where(OutboxJob.topic == "mail"))).all()
        assert actions.count(Action.AUTH_REFRESH_REUSED) == 1
        assert len(mails) == 1

    async def test_of_the_one_before_the_last_ends_it_at_once(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        access, token = await tokens_of(client)
        second = (await refresh(client, token)).json()["refresh_token"]
        third = (await refresh(client, second)).json()["refresh_token"]
        assert (await refresh(client, token)).status_code == 401
        assert (await refresh(client, third)).status_code == 401
        assert await me(client, access) == 401

    async def test_leaves_other_sessions_alone(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        other, _ = await tokens_of(client)
        _, token = await tokens_of(client)
        await refresh(client, token)
        with travel(utc_now() + timedelta(seconds=11), tick=False):
            assert (await refresh(client, token)).status_code == 401
            assert await me(client, other) == 200

    @pytest.mark.requirement("25")
    async def test_after_the_key_changed_asks_for_patience(
        self, client: httpx2.AsyncClient, admin: User, services: Services
    ) -> None:
        _, token = await tokens_of(client)
        successor = (await refresh(client, token)).json()["refresh_token"]
        with pytest.MonkeyPatch.context() as patch:
            other = type(services.sessions._successors)("another key", "refresh")
            patch.setattr(services.sessions, "_successors", other)
            answer = await refresh(client, token)
            assert answer.status_code == 409
            assert answer.json()["code"] == "refresh_in_progress"
            assert (await refresh(client, successor)).status_code == 200


@pytest.mark.requirement("23")
class TestRace:
    async def test_of_twenty_leaves_one_living_successor(
        self, client: httpx2.AsyncClient, admin: User
    ) -> None:
        access, token = await tokens_of(client)
        answers = await asyncio.gather(*(refresh(client, token) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        successors = {answer.json()["refresh_token"] for answer in answers}
        assert len(successors) == 1
        assert await me(client, access) == 200
        assert (await refresh(client, successors.pop())).status_code == 200
