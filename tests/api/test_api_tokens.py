"""Long-lived tokens for scripts."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from tests.factories.api_tokens import make_api_token
from tests.factories.audit import trail
from tests.factories.posts import make_post
from tests.factories.users import bearing, change_users, grow_stale
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.core.security import digest
from portfolio.db.session import Database
from portfolio.models.bookkeeping import IdempotencyKey
from portfolio.models.credentials import ApiToken, Scope
from portfolio.models.users import Role, User
from portfolio.services.api_tokens import MOST
from portfolio.wiring import Services

URL = "/api/v1/me/api-tokens"
POSTS = "/api/v1/posts"
DRAFT = {"title": "By a script"}


async def row(database: Database) -> ApiToken:
    async with database.reading() as db:
        return (await db.execute(select(ApiToken))).scalar_one()


class TestCreateApiToken:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        answer = await client.post(URL, json={"name": "Build", "scopes": ["content:read"]})
        assert answer.status_code == 401

    async def test_shows_the_token_only_once(
        self, admin_client: httpx2.AsyncClient, database: Database
    ) -> None:
        answer = await admin_client.post(URL, json={"name": "Build", "scopes": ["content:read"]})
        assert answer.status_code == 201
        assert "no-store" in answer.headers["Cache-Control"]
        made = answer.json()
        token = made.pop("token")
        assert re.fullmatch(r"pfl_[A-Za-z0-9_-]{43}", token)
        assert made.pop("created_at")
        stored = await row(database)
        assert made == {
            "id": stored.id,
            "name": "Build",
            "hint": token[-4:],
            "scopes": ["content:read"],
            "expires_at": None,
            "last_used_at": None,
            "expired": False,
        }
        assert (await admin_client.get(URL)).text.count(token) == 0

    @pytest.mark.requirement("79")
    async def test_keeps_no_more_than_a_digest(
        self, admin_client: httpx2.AsyncClient, database: Database
    ) -> None:
        answer = await admin_client.post(
            URL,
            json={"name": "Build", "scopes": ["admin"]},
            headers={"Idempotency-Key": "once"},
        )
        token = answer.json()["token"]
        assert (await row(database)).digest == digest(token)
        async with database.reading() as db:
            assert (await db.execute(select(IdempotencyKey))).all() == []
        assert all(token not in str(entry.changes) for entry in await trail(database))

    async def test_asks_who_is_there_after_five_minutes(
        self, admin_client: httpx2.AsyncClient, database: Database
    ) -> None:
        await grow_stale(database)
        answer = await admin_client.post(URL, json={"name": "Build", "scopes": ["content:read"]})
        assert answer.status_code == 403
        assert answer.json()["code"] == "reauth_required"

    @pytest.mark.parametrize("scope", [scope for scope in Scope if scope != Scope.CONTENT_READ])
    async def test_gives_no_more_than_its_owner_may(
        self,
        user_client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        scope: Scope,
    ) -> None:
        wanted = {"name": "Build", "scopes": ["content:read", scope]}
        answer = await user_client.post(URL, json=wanted)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "scopes"
        assert (await user_client.get(URL)).json()["total"] == 0
        assert (await admin_client.post(URL, json=wanted)).status_code == 201

    @pytest.mark.parametrize(
        "changes",
        [
            {"name": ""},
            {"name": "two\nlines"},
            {"name": "x" * 301},
            {"scopes": []},
            {"scopes": ["everything"]},
            {"scopes": ["content:read"] * 5},
            {"expires_at": "2020-01-01T00:00:00Z"},
            {"expires_at": 1},
            {"digest": "0" * 64},
            {"user_id": 1},
            {"token": "pfl_mine"},
        ],
    )
    async def test_refuses_what_makes_no_sense(
        self, admin_client: httpx2.AsyncClient, changes: dict[str, Any]
    ) -> None:
        answer = await admin_client.post(
            URL, json={"name": "Build", "scopes": ["content:read"]} | changes
        )
        assert answer.status_code == 422
        assert (await admin_client.get(URL)).json()["total"] == 0

    async def test_ends_at_fifty_however_many_are_asked_for_at_once(
        self, admin_client: httpx2.AsyncClient, services: Services, admin: User
    ) -> None:
        for _ in range(MOST - 2):
            await make_api_token(services, admin)
        answers = await asyncio.gather(
            *(
                admin_client.post(URL, json={"name": "Build", "scopes": ["content:read"]})
                for _ in range(6)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409, 409]
        assert (await admin_client.get(URL)).json()["total"] == MOST

    async def test_leaves_a_trace(
        self, user_client: httpx2.AsyncClient, user: User, database: Database
    ) -> None:
        made = await user_client.post(URL, json={"name": "Build", "scopes": ["content:read"]})
        await user_client.delete(f"{URL}/{made.json()['id']}")
        created, revoked = [
            entry for entry in await trail(database) if entry.action.startswith("api_token:")
        ]
        assert (created.actor_id, created.target_id) == (user.id, user.id)
        facts = {"id": made.json()["id"], "name": "Build", "scopes": ["content:read"]}
        assert created.changes == {"after": facts}
        assert revoked.changes == {"before": facts}


class TestListApiTokens:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get(URL)).status_code == 401

    async def test_shows_the_own_ones_the_newest_first(
        self, user_client: httpx2.AsyncClient, services: Services, user: User, admin: User
    ) -> None:
        tokens = [await make_api_token(services, user) for _ in range(3)]
        await make_api_token(services, admin)
        found = (await user_client.get(URL)).json()
        assert [item["hint"] for item in found["items"]] == [token[-4:] for token in tokens[::-1]]

    async def test_says_which_have_expired(
        self, user_client: httpx2.AsyncClient, services: Services, user: User
    ) -> None:
        now = utc_now()
        with travel(now - timedelta(days=2)):
            await make_api_token(services, user, expires_at=now - timedelta(days=1))
        (item,) = (await user_client.get(URL)).json()["items"]
        assert item["expired"] is True


class TestDeleteApiToken:
    async def test_is_for_its_owner(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        services: Services,
        user: User,
        database: Database,
    ) -> None:
        token = await make_api_token(services, user)
        url = f"{URL}/{(await row(database)).id}"
        assert (await client.delete(url)).status_code == 401
        assert (await admin_client.delete(url)).status_code == 404
        assert (await client.get(POSTS, headers=bearing(token))).status_code == 200

    async def test_ends_it_at_once(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        services: Services,
        user: User,
        database: Database,
    ) -> None:
        token = await make_api_token(services, user)
        url = f"{URL}/{(await row(database)).id}"
        assert (await user_client.delete(url)).status_code == 204
        assert (await user_client.delete(url)).status_code == 404
        answer = await client.get(POSTS, headers=bearing(token))
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


class TestUseApiToken:
    async def test_reads_as_its_owner(
        self, client: httpx2.AsyncClient, services: Services, admin: User, user: User
    ) -> None:
        draft = await make_post(services, admin, status="draft")
        url = f"{POSTS}/{draft.id}"
        of_admin = bearing(await make_api_token(services, admin))
        of_user = bearing(await make_api_token(services, user))
        assert (await client.get(url, headers=of_admin)).status_code == 200
        assert (await client.get(url, headers=of_user)).status_code == 404

    async def test_needs_the_scope(
        self, client: httpx2.AsyncClient, services: Services, admin: User
    ) -> None:
        reader = bearing(await make_api_token(services, admin, Scope.CONTENT_READ))
        writer = bearing(await make_api_token(services, admin, Scope.CONTENT_WRITE))
        refused = await client.post(POSTS, json=DRAFT, headers=reader)
        assert refused.status_code == 403
        assert refused.json()["code"] == "insufficient_scope"
        assert (await client.post(POSTS, json=DRAFT, headers=writer)).status_code == 201
        assert (await client.get("/api/v1/users", headers=writer)).status_code == 403

    @pytest.mark.parametrize("scope", Scope)
    async def test_is_nobody_who_is_signed_in(
        self, client: httpx2.AsyncClient, services: Services, admin: User, scope: Scope
    ) -> None:
        headers = bearing(await make_api_token(services, admin, scope))
        for method, path, body in (
            ("GET", "/me", None),
            ("PATCH", "/me", {"display_name": "Mallory"}),
            ("GET", "/me/api-tokens", None),
            ("POST", "/me/api-tokens", {"name": "More", "scopes": ["admin"]}),
            ("DELETE", "/me/sessions", None),
            ("PATCH", f"/users/{admin.id}", {"role": "user"}),
            ("POST", "/invites", {"role": "admin"}),
        ):
            answer = await client.request(method, f"/api/v1{path}", json=body, headers=headers)
            assert answer.status_code == 403, path

    async def test_is_refused_once_it_has_expired(
        self, client: httpx2.AsyncClient, services: Services, user: User
    ) -> None:
        end = utc_now() + timedelta(hours=1)
        headers = bearing(await make_api_token(services, user, expires_at=end))
        with travel(end - timedelta(seconds=5), tick=False):
            assert (await client.get(POSTS, headers=headers)).status_code == 200
        with travel(end, tick=False):
            assert (await client.get(POSTS, headers=headers)).status_code == 401

    @pytest.mark.parametrize("token", ["pfl_", "pfl_" + "a" * 43, "pfl_\u00e9"])
    async def test_is_refused_if_we_never_made_it(
        self, client: httpx2.AsyncClient, user: User, token: str
    ) -> None:
        headers = {b"Authorization": f"Bearer {token}".encode()}
        assert (await client.get(POSTS, headers=headers)).status_code == 401

    @pytest.mark.requirement("21")
    async def test_goes_no_further_than_its_owner_by_now(
        self, client: httpx2.AsyncClient, services: Services, admin: User, database: Database
    ) -> None:
        headers = bearing(await make_api_token(services, admin, Scope.ADMIN))
        assert (await client.get("/api/v1/users", headers=headers)).status_code == 200
        await change_users(database, admin, role=Role.USER)
        assert (await client.get("/api/v1/users", headers=headers)).status_code == 403
        assert (await client.post(POSTS, json=DRAFT, headers=headers)).status_code == 403
        await change_users(database, admin, is_active=False)
        assert (await client.get(POSTS, headers=headers)).status_code == 401

    async def test_ends_with_its_owner(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        services: Services,
        user: User,
    ) -> None:
        headers = bearing(await make_api_token(services, user))
        assert (await admin_client.delete(f"/api/v1/users/{user.id}")).status_code == 204
        assert (await client.get(POSTS, headers=headers)).status_code == 401

    async def test_stays_when_sessions_end(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        services: Services,
        user: User,
    ) -> None:
        headers = bearing(await make_api_token(services, user))
        await user_client.delete("/api/v1/me/sessions")
        assert (await client.get(POSTS, headers=headers)).status_code == 200


class TestNoteUses:
    async def test_costs_a_read_no_write(
        self,
        client: httpx2.AsyncClient,
        services: Services,
        user: User,
        database: Database,
        count_queries: list[str],
    ) -> None:
        headers = bearing(await make_api_token(services, user))
        count_queries.clear()
        await client.get(POSTS, headers=headers)
        assert not [line for line in count_queries if line.startswith(("UPDATE", "INSERT"))]
        assert (await row(database)).last_used_at is None
        await services.api_tokens.note_uses()
        assert (await row(database)).last_used_at is not None

    async def test_happens_once_a_minute_at_most(
        self, client: httpx2.AsyncClient, services: Services, user: User, database: Database
    ) -> None:
        headers = bearing(await make_api_token(services, user))
        start = utc_now()
        seen = []
        for seconds in (0, 59, 61):
            with travel(start + timedelta(seconds=seconds), tick=False):
                await client.get(POSTS, headers=headers)
                await services.api_tokens.note_uses()
            seen.append((await row(database)).last_used_at)
        assert seen[0] == seen[1] == start
        assert seen[2] == start + timedelta(seconds=61)

    async def test_is_no_change_of_the_token(
        self, client: httpx2.AsyncClient, services: Services, user: User, database: Database
    ) -> None:
        headers = bearing(await make_api_token(services, user))
        before = await row(database)
        await client.get(POSTS, headers=headers)
        await services.api_tokens.note_uses()
        after = await row(database)
        assert (after.version, after.updated_at) == (before.version, before.updated_at)

    async def test_does_not_mind_that_it_is_gone(
        self,
        client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        services: Services,
        user: User,
        database: Database,
    ) -> None:
        headers = bearing(await make_api_token(services, user))
        await client.get(POSTS, headers=headers)
        await user_client.delete(f"{URL}/{(await row(database)).id}")
        await services.api_tokens.note_uses()
        async with database.reading() as db:
            assert (await db.execute(select(ApiToken))).all() == []
