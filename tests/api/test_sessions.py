"""Where an account is signed in."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from tests.factories.audit import trail
from tests.factories.users import PASSWORD, bearing
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.sessions import UserSession
from portfolio.models.users import User

URL = "/api/v1/me/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
pytestmark = pytest.mark.requirement("24")


async def log_in(client: httpx2.AsyncClient, account: User, agent: str = "curl/8.5") -> str:
    answer = await client.post(
        "/api/v1/auth/login",
        json={"identifier": account.username, "password": PASSWORD},
        headers={"User-Agent": agent},
    )
    assert answer.status_code == 200
    return str(answer.json()["access_token"])


async def works(client: httpx2.AsyncClient, token: str) -> bool:
    return (await client.get("/api/v1/me", headers=bearing(token))).status_code == 200


async def sessions(client: httpx2.AsyncClient, token: str) -> list[dict[str, Any]]:
    answer = await client.get(URL, headers=bearing(token))
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestListSessions:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get(URL)).status_code == 401

    async def test_says_which_device_it_was_and_when(
        self, client: httpx2.AsyncClient, user: User, admin: User, database: Database
    ) -> None:
        await log_in(client, admin)
        token = await log_in(client, user, FIREFOX)
        (found,) = await sessions(client, token)
        async with database.reading() as db:
            query = select(UserSession).where(UserSession.user_id == user.id)
            stored = (await db.execute(query)).scalar_one()
        assert found.pop("created_at") < found.pop("expires_at")
        assert found.pop("last_seen_at")
        assert found == {
            "id": stored.id,
            "device": "Firefox on Linux",
            "address": "127.0.0.1",
            "current": True,
        }
        assert (
            "no-store" in (await client.get(URL, headers=bearing(token))).headers["Cache-Control"]
        )

    async def test_begins_with_the_one_used_last_and_marks_the_one_that_asks(
        self, client: httpx2.AsyncClient, user: User
    ) -> None:
        first = await log_in(client, user, "one")
        await log_in(client, user, "two")
        found = await sessions(client, first)
        assert [(item["device"], item["current"]) for item in found] == [
            ("two", False),
            ("one", True),
        ]

    async def test_leaves_out_what_nobody_can_use_any_more(
        self, client: httpx2.AsyncClient, user: User
    ) -> None:
        now = utc_now()
        with travel(now - timedelta(days=8)):
            await log_in(client, user, "idle")
        with travel(now - timedelta(days=31)):
            await log_in(client, user, "expired")
        ended = await log_in(client, user, "ended")
        await client.post("/api/v1/auth/logout", headers=bearing(ended))
        token = await log_in(client, user, "here")
        assert [item["device"] for item in await sessions(client, token)] == ["here"]

    async def test_has_pages(self, client: httpx2.AsyncClient, user: User) -> None:
        tokens = [await log_in(client, user, f"number{index}") for index in range(3)]
        answer = await client.get(f"{URL}?limit=2", headers=bearing(tokens[0]))
        found = answer.json()
        assert (len(found["items"]), found["total"]) == (2, 3)
        query = f"{URL}?limit=2&cursor={found['next_cursor']}"
        rest = (await client.get(query, headers=bearing(tokens[0]))).json()
        assert [item["device"] for item in rest["items"]] == ["number0"]


class TestEndSession:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        assert (await client.delete(f"{URL}/1")).status_code == 401

    async def test_refuses_its_tokens_from_then_on(
        self, client: httpx2.AsyncClient, user: User
    ) -> None:
        lost = await log_in(client, user, "lost")
        here = await log_in(client, user, "here")
        (lost_id,) = [
            item["id"] for item in await sessions(client, here) if item["device"] == "lost"
        ]
        answer = await client.delete(f"{URL}/{lost_id}", headers=bearing(here))
        assert answer.status_code == 204
        assert not await works(client, lost)
        assert await works(client, here)
        again = await client.delete(f"{URL}/{lost_id}", headers=bearing(here))
        assert again.status_code == 404

    @pytest.mark.requirement("38")
    async def test_does_not_reach_those_of_others(
        self, client: httpx2.AsyncClient, user: User, admin: User
    ) -> None:
        theirs = await log_in(client, admin)
        mine = await log_in(client, user)
        (other,) = await sessions(client, theirs)
        answer = await client.delete(f"{URL}/{other['id']}", headers=bearing(mine))
        absent = await client.delete(f"{URL}/999999", headers=bearing(mine))
        assert answer.status_code == absent.status_code == 404
        assert answer.json()["detail"] == absent.json()["detail"]
        assert await works(client, theirs)


class TestEndOtherSessions:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        assert (await client.delete(URL)).status_code == 401

    async def test_leaves_the_one_that_asks(
        self, client: httpx2.AsyncClient, user: User, admin: User, database: Database
    ) -> None:
        others = [await log_in(client, user) for _ in range(3)]
        theirs = await log_in(client, admin)
        here = await log_in(client, user)
        assert (await client.delete(URL, headers=bearing(here))).status_code == 204
        assert [await works(client, token) for token in others] == [False] * 3
        assert await works(client, here)
        assert await works(client, theirs)
        last = (await trail(database))[-1]
        assert (last.action, last.actor_id, last.changes) == (
            "sessions:ended",
            user.id,
            {"after": {"ended": 3}},
        )


USERS = "/api/v1/users"


class TestSessionsOfOthers:
    async def test_are_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, admin: User
    ) -> None:
        url = f"{USERS}/{admin.id}/sessions"
        for method in ("GET", "DELETE"):
            assert (await client.request(method, url)).status_code == 401
            assert (await user_client.request(method, url)).status_code == 403

    async def test_are_listed(
        self, client: httpx2.AsyncClient, admin_client: httpx2.AsyncClient, user: User, admin: User
    ) -> None:
        await log_in(client, user, FIREFOX)
        (found,) = (await admin_client.get(f"{USERS}/{user.id}/sessions")).json()["items"]
        assert (found["device"], found["current"]) == ("Firefox on Linux", False)
        (own,) = (await admin_client.get(f"{USERS}/{admin.id}/sessions")).json()["items"]
        assert own["current"] is True
        assert (await admin_client.get(f"{USERS}/999999/sessions")).status_code == 404

    @pytest.mark.requirement("21")
    async def test_are_ended(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        user: User,
        admin: User,
        database: Database,
    ) -> None:
        token = await log_in(client, user)
        assert (await admin_client.delete(f"{USERS}/{user.id}/sessions")).status_code == 204
        assert not await works(client, token)
        last = (await trail(database))[-1]
        assert (last.action, last.actor_id, last.target_id) == (
            "sessions:ended",
            admin.id,
            user.id,
        )
        assert (await admin_client.delete(f"{USERS}/999999/sessions")).status_code == 404
