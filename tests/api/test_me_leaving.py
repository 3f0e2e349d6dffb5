"""Taking everything along, and leaving."""

import asyncio
import json
from collections import Counter
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from tests.factories.clients import make_client
from tests.factories.pictures import png
from tests.factories.posts import make_post
from tests.factories.users import (
    PASSWORD,
    change_users,
    grow_stale,
    log_in,
    make_access_token,
    make_user,
)
from tests.factories.waiting_mail import received

from portfolio.db.repositories.exports import PARTS
from portfolio.models import Base
from portfolio.models.bookkeeping import IdempotencyKey
from portfolio.models.media import Image
from portfolio.models.profiles import Profile
from portfolio.models.sessions import UserSession
from portfolio.models.users import Role, User
from portfolio.wiring import Services

ME = "/api/v1/me"
EXPORT = f"{ME}/export"
READER = "reader@example.com"


async def everything(services: Services, model: type[Base]) -> list[Any]:
    async with services.database.reading() as db:
        return list((await db.execute(select(model))).scalars())


@pytest.mark.requirement("83")
class TestExport:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        assert (await client.post(EXPORT)).status_code == 401

    async def test_asks_who_has_been_away_to_prove_who_they_are(
        self, user_client: httpx2.AsyncClient, services: Services
    ) -> None:
        await grow_stale(services.database)
        answer = await user_client.post(EXPORT)
        assert (answer.status_code, answer.json()["code"]) == (403, "reauth_required")

    async def test_does_not_tell_where_others_were(
        self, user_client: httpx2.AsyncClient, admin_client: httpx2.AsyncClient, user: User
    ) -> None:
        agent = {"User-Agent": "The admin's own browser"}
        await admin_client.post(f"/api/v1/users/{user.id}/unlock", headers=agent)
        await user_client.delete("/api/v1/me/sessions", headers={"User-Agent": "Mine"})
        parts = (await user_client.post(EXPORT, headers={"User-Agent": "Mine"})).json()["parts"]
        assert "auth:unlocked" in {row["action"] for row in parts["audit"]}
        assert {row["agent"] for row in parts["audit_origins"]} == {"Mine"}

    async def test_has_every_part_and_comes_as_a_file(
        self, admin_client: httpx2.AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, "mine", body_markdown="What I wrote")
        answer = await admin_client.post(EXPORT)
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == 'attachment; filename="account-owner.json"'
        assert "no-store" in answer.headers["Cache-Control"]
        parts = answer.json()["parts"]
        assert parts.keys() == PARTS.keys()
        assert parts["account"][0]["email"] == "owner@example.com"
        assert parts["posts"][0]["body_markdown"] == "What I wrote"
        assert len(parts["sessions"]) == 1
        assert {"user:created", "user:exported"} <= {row["action"] for row in parts["audit"]}

    async def test_has_nothing_of_others(
        self, user_client: httpx2.AsyncClient, services: Services, admin: User
    ) -> None:
        await make_post(services, admin, "not mine")
        parts = (await user_client.post(EXPORT)).json()["parts"]
        assert [row["username"] for row in parts["account"]] == ["reader"]
        assert [row["name"] for row in parts["profile"]] == ["reader"]
        assert parts["posts"] == []

    @pytest.mark.requirement("79")
    async def test_has_nothing_that_opens_anything(
        self, user_client: httpx2.AsyncClient, client: httpx2.AsyncClient, services: Services
    ) -> None:
        await client.post("/api/v1/auth/password/forgot", json={"email": READER})
        await received(services, READER)
        text = (await user_client.post(EXPORT)).text
        parts = json.loads(text)["parts"]
        assert len(parts["links"]) == 1
        (session,) = await everything(services, UserSession)
        (account,) = await everything(services, User)
        for secret in (session.sid, session.refresh_digest, account.password_hash):
            assert secret not in text

    def test_leaves_out_every_column_that_is_called_like_a_secret(self) -> None:
        words = ("digest", "hash", "secret", "token", "salt", "sid")
        shown = [
            f"{name}.{column.key}"
            for name, part in PARTS.items()
            for column in part.model.__table__.columns
            if column.key not in part.hidden and any(word in column.key for word in words)
        ]
        assert shown == []

    def test_looks_into_every_table_that_belongs_to_accounts(self) -> None:
        """A column that points at an account means one more line in PARTS."""
        known = {part.model.__tablename__ for part in PARTS.values()}
        owned = {
            table.name
            for table in Base.metadata.tables.values()
            for key in table.foreign_keys
            if key.column.table.name in {"users", "profiles"}
        }
        assert owned <= known


@pytest.mark.requirement("83")
@pytest.mark.requirement("101")
class TestDelete:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        assert (await client.delete(ME)).status_code == 401

    @pytest.mark.requirement("31")
    async def test_asks_who_has_been_away_to_prove_who_they_are(
        self, user_client: httpx2.AsyncClient, services: Services
    ) -> None:
        await grow_stale(services.database)
        assert (await user_client.delete(ME)).json()["code"] == "reauth_required"
        assert len(await everything(services, User)) == 1

    async def test_erases_the_account_and_all_of_it(
        self,
        user_client: httpx2.AsyncClient,
        client: httpx2.AsyncClient,
        services: Services,
        admin: User,
    ) -> None:
        await user_client.patch(ME, json={"display_name": "Somebody"})
        assert (await user_client.delete(ME)).status_code == 204
        assert (await user_client.get(ME)).status_code == 401
        assert (await log_in(client, READER)).status_code == 401
        assert [row.username for row in await everything(services, User)] == ["owner"]
        assert [row.name for row in await everything(services, Profile)] == ["owner"]
        assert await everything(services, UserSession) == []
        assert await received(services, READER) == ["account_deleted"]
        await make_user(services, "reader")

    async def test_forgets_the_answers_that_were_kept_for_repetition(
        self, app: FastAPI, services: Services, admin: User
    ) -> None:
        second = await make_user(services, "second", Role.ADMIN)
        async with make_client(app, await make_access_token(services, second)) as client:
            body = {"title": "Mine", "body_markdown": "x"}
            headers = {"Idempotency-Key": "1"}
            assert (await client.post("/api/v1/posts", json=body, headers=headers)).is_success
            assert len(await everything(services, IdempotencyKey)) == 1
            assert (await client.delete(ME)).status_code == 204
        assert await everything(services, IdempotencyKey) == []

    async def test_leaves_to_the_owner_what_was_written_for_the_site(
        self, app: FastAPI, services: Services, admin: User
    ) -> None:
        second = await make_user(services, "second", Role.ADMIN)
        post = await make_post(services, second, "theirs")
        async with make_client(app, await make_access_token(services, second)) as client:
            assert (await client.delete(ME)).status_code == 204
        async with make_client(app) as client:
            (found,) = (await client.get("/api/v1/posts")).json()["items"]
            assert found["author"]["username"] == "owner"
            answer = await client.get(f"/api/v1/posts/{post.slug}")
        assert answer.json()["author"]["username"] == "owner"

    async def test_leaves_what_was_uploaded_for_the_site_to_nobody(
        self, app: FastAPI, services: Services, admin: User
    ) -> None:
        second = await make_user(services, "second", Role.ADMIN)
        async with make_client(app, await make_access_token(services, second)) as client:
            sent = {"file": ("a.png", png())}
            assert (await client.post("/api/v1/images", files=sent)).status_code == 201
            assert (await client.delete(ME)).status_code == 204
        assert [row.uploaded_by for row in await everything(services, Image)] == [None]

    @pytest.mark.requirement("41")
    async def test_keeps_the_last_admin(
        self, admin_client: httpx2.AsyncClient, services: Services
    ) -> None:
        answer = await admin_client.delete(ME)
        assert answer.status_code == 409
        other = await make_user(services, "second", Role.ADMIN)
        await change_users(services.database, other, is_active=False)
        assert (await admin_client.delete(ME)).status_code == 409

    @pytest.mark.requirement("41")
    async def test_keeps_one_admin_of_many_who_leave_at_once(
        self, app: FastAPI, services: Services
    ) -> None:
        admins = [await make_user(services, f"admin{number}", Role.ADMIN) for number in range(5)]
        clients = [
            make_client(app, await make_access_token(services, account)) for account in admins
        ]
        answers = await asyncio.gather(*(client.delete(ME) for client in clients))
        assert Counter(answer.status_code for answer in answers) == {204: 4, 409: 1}
        assert len(await everything(services, User)) == 1

    async def test_lets_the_name_and_the_address_be_used_again(
        self, user_client: httpx2.AsyncClient, client: httpx2.AsyncClient
    ) -> None:
        await user_client.delete(ME)
        body = {"email": READER, "username": "reader", "password": PASSWORD}
        answer = await client.post("/api/v1/auth/register", json=body)
        assert answer.status_code == 202
        assert (await log_in(client, READER)).status_code == 200
