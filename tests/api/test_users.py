"""Accounts, as admins see and change them."""

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from tests.factories.audit import trail
from tests.factories.clients import make_client
from tests.factories.posts import make_post
from tests.factories.users import (
    bearing,
    change_users,
    grow_stale,
    log_in,
    make_access_token,
    make_user,
)
from tests.factories.waiting_mail import received

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.two_factor import Method, SecondFactor
from portfolio.models.users import Role, User
from portfolio.wiring import Services

URL = "/api/v1/users"
ME = "/api/v1/me"


def names(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 200
    return [item["username"] for item in answer.json()["items"]]


@pytest.fixture
async def second_admin(services: Services, admin: User) -> User:
    return await make_user(services, "second", Role.ADMIN)


class TestListUsers:
    async def test_is_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient
    ) -> None:
        assert (await client.get(URL)).status_code == 401
        assert (await user_client.get(URL)).status_code == 403

    async def test_shows_all_by_user_name(
        self, admin_client: httpx2.AsyncClient, user: User
    ) -> None:
        answer = await admin_client.get(URL)
        assert names(answer) == ["owner", "reader"]
        assert answer.json()["total"] == 2
        assert "no-store" in answer.headers["Cache-Control"]

    async def test_can_be_narrowed(
        self, admin_client: httpx2.AsyncClient, user: User, database: Database
    ) -> None:
        assert names(await admin_client.get(f"{URL}?role=admin")) == ["owner"]
        assert names(await admin_client.get(f"{URL}?role=user")) == ["reader"]
        await change_users(database, user, is_active=False)
        assert names(await admin_client.get(f"{URL}?is_active=false")) == ["reader"]
        assert names(await admin_client.get(f"{URL}?is_active=true&role=user")) == []
        assert (await admin_client.get(f"{URL}?email=x")).status_code == 422
        assert (await admin_client.get(f"{URL}?role=god")).status_code == 422

    @pytest.mark.requirement("48")
    @pytest.mark.parametrize(
        ("q", "wanted"),
        [
            ("READ", ["reader"]),
            ("@example.com", ["owner", "reader"]),
            ("der@ex", ["reader"]),
            ("50% off_[x]/y", ["reader"]),
            ("%", ["reader"]),
            ("_", ["reader"]),
            ("[", ["reader"]),
            ("[a-z]", []),
            ("/", ["reader"]),
            ("r_ader", []),
            ("r%r", []),
            ("\\", []),
            ("nobody", []),
        ],
    )
    async def test_takes_wildcards_for_what_they_are(
        self,
        admin_client: httpx2.AsyncClient,
        user: User,
        database: Database,
        q: str,
        wanted: list[str],
    ) -> None:
        await change_users(database, user, display_name="50% off_[x]/y")
        assert names(await admin_client.get(URL, params={"q": q})) == wanted

    async def test_runs_the_same_number_of_queries_for_any_number_of_accounts(
        self,
        admin_client: httpx2.AsyncClient,
        services: Services,
        user: User,
        count_queries: list[str],
    ) -> None:
        await admin_client.get(URL)
        count_queries.clear()
        await admin_client.get(URL)
        few = len(count_queries)
        for number in range(5):
            await make_user(services, f"guest{number}")
        count_queries.clear()
        await admin_client.get(URL)
        assert len(count_queries) == few

    async def test_can_be_walked_through_by_cursor(
        self, admin_client: httpx2.AsyncClient, user: User
    ) -> None:
        first = await admin_client.get(f"{URL}?limit=1&sort=-created_at")
        assert names(first) == ["reader"]
        cursor = first.json()["next_cursor"]
        rest = await admin_client.get(f"{URL}?limit=1&sort=-created_at&cursor={cursor}")
        assert names(rest) == ["owner"]


class TestReadUser:
    async def test_is_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, user: User
    ) -> None:
        assert (await client.get(f"{URL}/{user.id}")).status_code == 401
        assert (await user_client.get(f"{URL}/{user.id}")).status_code == 403

    async def test_shows_what_an_admin_must_know(
        self, admin_client: httpx2.AsyncClient, user: User, database: Database
    ) -> None:
        async with database.transaction() as db:
            for method in (Method.EMAIL, Method.TOTP):
                db.add(SecondFactor(user_id=user.id, method=method, confirmed_at=utc_now()))
        answer = await admin_client.get(f"{URL}/{user.id}")
        assert answer.status_code == 200
        assert answer.headers["ETag"]
        found = answer.json()
        assert found.pop("created_at")
        assert found.pop("updated_at")
        assert found.pop("email_verified_at")
        assert found == {
            "id": user.id,
            "username": "reader",
            "display_name": "reader",
            "avatar_url": None,
            "email": "reader@example.com",
            "role": "user",
            "is_active": True,
            "two_factor": ["totp", "email"],
            "locked": False,
            "last_login_at": None,
        }

    async def test_does_not_count_a_factor_that_was_never_confirmed(
        self, admin_client: httpx2.AsyncClient, user: User, database: Database
    ) -> None:
        async with database.transaction() as db:
            db.add(SecondFactor(user_id=user.id, method=Method.TOTP))
        assert (await admin_client.get(f"{URL}/{user.id}")).json()["two_factor"] == []

    async def test_is_not_found_where_there_is_none(self, admin_client: httpx2.AsyncClient) -> None:
        assert (await admin_client.get(f"{URL}/999999")).status_code == 404


@pytest.mark.requirement("41")
class TestChangeUser:
    async def test_is_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, user: User
    ) -> None:
        changes = {"role": "admin"}
        assert (await client.patch(f"{URL}/{user.id}", json=changes)).status_code == 401
        assert (await user_client.patch(f"{URL}/{user.id}", json=changes)).status_code == 403

    async def test_asks_who_is_there_after_five_minutes(
        self, admin_client: httpx2.AsyncClient, user: User, database: Database
    ) -> None:
        await grow_stale(database)
        url = f"{URL}/{user.id}"
        for answer in (
            await admin_client.patch(url, json={"role": "admin"}),
            await admin_client.delete(url),
            await admin_client.delete(f"{url}/two-factor"),
        ):
            assert answer.status_code == 403
            assert answer.json()["code"] == "reauth_required"

    @pytest.mark.requirement("21")
    async def test_gives_and_takes_rights_at_once(
        self, admin_client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, user: User
    ) -> None:
        answer = await admin_client.patch(f"{URL}/{user.id}", json={"role": "admin"})
        assert answer.status_code == 200
        assert answer.json()["role"] == "admin"
        assert (await user_client.get(URL)).status_code == 200
        await admin_client.patch(f"{URL}/{user.id}", json={"role": "user"})
        assert (await user_client.get(URL)).status_code == 403

    @pytest.mark.requirement("21")
    async def test_that_deactivates_signs_out_for_good(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        user: User,
    ) -> None:
        await admin_client.patch(f"{URL}/{user.id}", json={"is_active": False})
        assert (await user_client.get(ME)).status_code == 401
        assert (await log_in(client, "reader")).status_code == 401
        await admin_client.patch(f"{URL}/{user.id}", json={"is_active": True})
        assert (await user_client.get(ME)).status_code == 401
        assert (await log_in(client, "reader")).status_code == 200

    async def test_leaves_a_trace_of_what_was_and_what_is(
        self, admin_client: httpx2.AsyncClient, admin: User, user: User, database: Database
    ) -> None:
        known = len(await trail(database))
        await admin_client.patch(f"{URL}/{user.id}", json={"role": "admin", "is_active": False})
        written = (await trail(database))[known:]
        assert [(entry.action, entry.changes) for entry in written] == [
            ("user:role_changed", {"before": {"role": "user"}, "after": {"role": "admin"}}),
            ("user:deactivated", {"before": {"is_active": True}, "after": {"is_active": False}}),
        ]
        assert {(entry.actor_id, entry.target_id) for entry in written} == {(admin.id, user.id)}

    async def test_that_changes_nothing_leaves_none(
        self, admin_client: httpx2.AsyncClient, user: User, database: Database
    ) -> None:
        known = len(await trail(database))
        answer = await admin_client.patch(f"{URL}/{user.id}", json={"role": "user"})
        assert answer.status_code == 200
        assert len(await trail(database)) == known

    @pytest.mark.parametrize(
        "changes",
        [
            {"role": "god"},
            {"role": None},
            {"is_active": None},
            {"is_active": "yes please"},
            {"email": "mallory@example.com"},
            {"username": "mallory"},
            {"display_name": "Mallory"},
            {"password_hash": "x"},
            {"email_verified_at": "2026-01-01T00:00:00Z"},
            {"id": 1},
        ],
    )
    @pytest.mark.requirement("39")
    async def test_is_of_role_and_activity_only(
        self, admin_client: httpx2.AsyncClient, user: User, changes: dict[str, Any]
    ) -> None:
        before = (await admin_client.get(f"{URL}/{user.id}")).json()
        answer = await admin_client.patch(f"{URL}/{user.id}", json=changes)
        assert answer.status_code == 422
        assert (await admin_client.get(f"{URL}/{user.id}")).json() == before

    async def test_overwrites_no_change_that_was_not_seen(
        self, admin_client: httpx2.AsyncClient, user: User
    ) -> None:
        url = f"{URL}/{user.id}"
        seen = {"If-Match": (await admin_client.get(url)).headers["ETag"]}
        first = await admin_client.patch(url, json={"role": "admin"}, headers=seen)
        assert first.status_code == 200
        late = await admin_client.patch(url, json={"role": "user"}, headers=seen)
        assert late.status_code == 412
        assert (await admin_client.delete(url, headers=seen)).status_code == 412

    async def test_counts_no_admin_who_never_came(
        self, admin_client: httpx2.AsyncClient, admin: User, services: Services
    ) -> None:
        guest = await make_user(services, "guest", Role.ADMIN)
        await change_users(services.database, guest, email_verified_at=None)
        answer = await admin_client.patch(f"{URL}/{admin.id}", json={"role": "user"})
        assert answer.status_code == 409
        assert (await admin_client.delete("/api/v1/me")).status_code == 409

    @pytest.mark.parametrize("changes", [{"role": "user"}, {"is_active": False}])
    async def test_spares_the_last_active_admin(
        self,
        admin_client: httpx2.AsyncClient,
        services: Services,
        admin: User,
        database: Database,
        changes: dict[str, Any],
    ) -> None:
        sleeper = await make_user(services, "sleeper", Role.ADMIN)
        await change_users(database, sleeper, is_active=False)
        answer = await admin_client.patch(f"{URL}/{admin.id}", json=changes)
        assert answer.status_code == 409
        assert (await admin_client.delete(f"{URL}/{admin.id}")).status_code == 409
        assert (await admin_client.get(ME)).json()["role"] == "admin"
        # Who is no active admin anyway may be changed.
        await admin_client.patch(f"{URL}/{sleeper.id}", json={"role": "user"})
        assert (await admin_client.get(f"{URL}?role=admin")).json()["total"] == 1

    async def test_lets_an_admin_go_where_there_is_another(
        self, admin_client: httpx2.AsyncClient, admin: User, second_admin: User
    ) -> None:
        answer = await admin_client.patch(f"{URL}/{admin.id}", json={"role": "user"})
        assert answer.status_code == 200
        assert (await admin_client.get(URL)).status_code == 403

    async def test_does_not_make_the_version_of_a_stranger_known(
        self, admin_client: httpx2.AsyncClient
    ) -> None:
        answer = await admin_client.patch(f"{URL}/999999", json={"role": "admin"})
        assert answer.status_code == 404


ROUNDS = 100


async def active_admins(database: Database) -> list[int]:
    statement = select(User.id).where(User.role == Role.ADMIN, User.is_active)
    async with database.reading() as db:
        return list((await db.execute(statement)).scalars())


@pytest.mark.requirement("41")
class TestTwoAdmins:
    @pytest.mark.parametrize("how", ["demote", "deactivate", "delete", "self"])
    async def test_who_turn_on_each_other_leave_one(
        self,
        app: FastAPI,
        services: Services,
        admin: User,
        second_admin: User,
        database: Database,
        how: str,
    ) -> None:
        pair = [admin, second_admin]
        rounds = ROUNDS if how == "demote" else ROUNDS // 10
        for number in range(rounds):
            tokens = [await make_access_token(services, each) for each in pair]
            async with make_client(app, tokens[0]) as one, make_client(app, tokens[1]) as other:
                targets = pair if how == "self" else pair[::-1]
                answers = await asyncio.gather(
                    *(
                        strike(client, target, how)
                        for client, target in zip((one, other), targets, strict=True)
                    )
                )
            left = await active_admins(database)
            assert len(left) == 1, (number, [answer.status_code for answer in answers])
            assert {answer.status_code for answer in answers} <= {200, 204, 401, 403, 404, 409}
            if how == "delete":
                (gone,) = [each for each in pair if each.id not in left]
                fresh = await make_user(services, f"admin{number}", Role.ADMIN)
                pair[pair.index(gone)] = fresh
            else:
                await change_users(database, *pair, role=Role.ADMIN, is_active=True)


async def strike(client: httpx2.AsyncClient, target: User, how: str) -> httpx2.Response:
    url = f"{URL}/{target.id}"
    if how == "delete":
        return await client.delete(url)
    changes = {"is_active": False} if how == "deactivate" else {"role": "user"}
    return await client.patch(url, json=changes)


@pytest.mark.requirement("41")
class TestDeleteUser:
    async def test_is_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, user: User
    ) -> None:
        assert (await client.delete(f"{URL}/{user.id}")).status_code == 401
        assert (await user_client.delete(f"{URL}/{user.id}")).status_code == 403

    async def test_leaves_nothing_personal(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        admin: User,
        user: User,
        services: Services,
        database: Database,
    ) -> None:
        assert (await admin_client.delete(f"{URL}/{user.id}")).status_code == 204
        assert (await admin_client.get(f"{URL}/{user.id}")).status_code == 404
        assert (await admin_client.delete(f"{URL}/{user.id}")).status_code == 404
        assert (await user_client.get(ME)).status_code == 401
        assert (await log_in(client, "reader")).status_code == 401
        assert await received(services, "reader@example.com") == ["account_deleted"]
        (entry,) = [entry for entry in await trail(database) if entry.action == "user:deleted"]
        assert (entry.actor_id, entry.target_id) == (admin.id, user.id)
        assert "reader" not in str(entry.changes)

    async def test_hands_what_they_wrote_to_the_owner(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        services: Services,
        admin: User,
        second_admin: User,
    ) -> None:
        post = await make_post(services, second_admin, "Theirs")
        url = f"/api/v1/posts/{post.id}"
        tag = (await client.get(url)).headers["ETag"]
        assert (await admin_client.delete(f"{URL}/{second_admin.id}")).status_code == 204
        answer = await client.get(url, headers={"If-None-Match": tag})
        assert answer.json()["author"]["username"] == "owner"
        (card,) = (await client.get("/api/v1/posts")).json()["items"]
        assert card["author"]["username"] == "owner"

    async def test_of_the_owner_makes_the_next_admin_one(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        services: Services,
        admin: User,
        second_admin: User,
    ) -> None:
        await make_post(services, admin, "Theirs")
        assert (await admin_client.delete(f"{URL}/{admin.id}")).status_code == 204
        (card,) = (await client.get("/api/v1/posts")).json()["items"]
        assert card["author"]["username"] == "second"


class TestUnlockUser:
    async def test_is_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, user: User
    ) -> None:
        assert (await client.post(f"{URL}/{user.id}/unlock")).status_code == 401
        assert (await user_client.post(f"{URL}/{user.id}/unlock")).status_code == 403

    @pytest.mark.parametrize("identifier", ["reader", "reader@example.com"])
    async def test_lets_them_sign_in_again(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        admin: User,
        user: User,
        database: Database,
        identifier: str,
    ) -> None:
        for _ in range(5):
            await log_in(client, identifier, "wrong password")
        assert (await log_in(client, identifier)).status_code == 429
        assert (await admin_client.get(f"{URL}/{user.id}")).json()["locked"] is True
        answer = await admin_client.post(f"{URL}/{user.id}/unlock")
        assert answer.status_code == 200
        assert answer.json()["locked"] is False
        assert (await log_in(client, identifier)).status_code == 200
        (entry,) = [entry for entry in await trail(database) if entry.action == "auth:unlocked"]
        assert (entry.actor_id, entry.target_id) == (admin.id, user.id)

    async def test_is_not_found_where_there_is_none(self, admin_client: httpx2.AsyncClient) -> None:
        assert (await admin_client.post(f"{URL}/999999/unlock")).status_code == 404


class TestResetTwoFactor:
    async def test_is_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient, user: User
    ) -> None:
        assert (await client.delete(f"{URL}/{user.id}/two-factor")).status_code == 401
        assert (await user_client.delete(f"{URL}/{user.id}/two-factor")).status_code == 403

    async def test_takes_all_factors_off_and_signs_out(
        self,
        client: httpx2.AsyncClient,
        admin_client: httpx2.AsyncClient,
        user_client: httpx2.AsyncClient,
        admin: User,
        user: User,
        services: Services,
        database: Database,
    ) -> None:
        async with database.transaction() as db:
            db.add(SecondFactor(user_id=user.id, method=Method.TOTP, confirmed_at=utc_now()))
        challenged = (await log_in(client, "reader")).json()
        assert challenged["two_factor_required"] is True
        answer = await admin_client.delete(f"{URL}/{user.id}/two-factor")
        assert answer.status_code == 204
        assert (await user_client.get(ME)).status_code == 401
        assert "access_token" in (await log_in(client, "reader")).json()
        assert (await admin_client.get(f"{URL}/{user.id}")).json()["two_factor"] == []
        assert "two_factor_changed" in await received(services, "reader@example.com")
        (entry,) = [entry for entry in await trail(database) if entry.action == "two_factor:reset"]
        assert (entry.actor_id, entry.target_id) == (admin.id, user.id)


PUBLIC = ("/api/v1/posts", "/api/v1/posts/theirs", "/api/v1/profile", "/api/v1/profiles/owner")


@pytest.mark.requirement("40")
class TestPublicRepresentations:
    async def test_hold_no_secrets_of_accounts(
        self, client: httpx2.AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, "Theirs")
        for path in PUBLIC:
            answer = await client.get(path)
            assert answer.status_code == 200
            assert "owner@example.com" not in answer.text
            for word in ("password", "two_factor", "totp", "is_active", "last_login", 'role":"ad'):
                assert word not in answer.text, (path, word)

    async def test_are_the_same_for_tokens_of_scripts(
        self, client: httpx2.AsyncClient, services: Services, user: User, admin: User
    ) -> None:
        await make_post(services, admin, "Theirs")
        token = await make_access_token(services, user)
        for path in PUBLIC:
            anonymous = await client.get(path)
            signed_in = await client.get(path, headers=bearing(token))
            assert anonymous.json() == signed_in.json()
