"""Invitations."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from tests.factories.audit import trail
from tests.factories.clients import make_client
from tests.factories.users import (
    PASSWORD,
    change_users,
    grow_stale,
    log_in,
    make_access_token,
    make_user,
)
from tests.factories.waiting_mail import mails

from portfolio.core.clock import utc_now
from portfolio.core.security import digest
from portfolio.db.session import Database
from portfolio.models.credentials import OneTimeToken, Purpose
from portfolio.models.users import Role, User
from portfolio.wiring import Services

URL = "/api/v1/invites"
ADDRESS = "ada@example.org"


class TestCreateInvite:
    async def test_is_for_admins(
        self, client: httpx2.AsyncClient, user_client: httpx2.AsyncClient
    ) -> None:
        assert (await client.post(URL, json={})).status_code == 401
        assert (await user_client.post(URL, json={})).status_code == 403

    async def test_asks_who_is_there_after_five_minutes(
        self, admin_client: httpx2.AsyncClient, database: Database
    ) -> None:
        await grow_stale(database)
        answer = await admin_client.post(URL, json={"role": "admin"})
        assert answer.status_code == 403
        assert answer.json()["code"] == "reauth_required"

    async def test_shows_the_link_only_once(
        self, admin_client: httpx2.AsyncClient, database: Database
    ) -> None:
        answer = await admin_client.post(URL, json={"role": "admin"}, headers={"Host": "test"})
        assert answer.status_code == 201
        assert "no-store" in answer.headers["Cache-Control"]
        made = answer.json()
        token = made.pop("token")
        ends = datetime.fromisoformat(made.pop("expires_at")) - utc_now()
        assert timedelta(days=7) - timedelta(minutes=1) < ends <= timedelta(days=7)
        assert made == {
            "url": f"http://test/account/accept-invite?token={token}",
            "email": None,
            "role": "admin",
            "mailed": False,
        }
        async with database.reading() as db:
            row = (await db.execute(select(OneTimeToken))).scalar_one()
        assert (row.purpose, row.digest, row.role) == (Purpose.INVITE, digest(token), Role.ADMIN)
        assert token not in str([entry.changes for entry in await trail(database)])

    async def test_leaves_a_trace(
        self, admin_client: httpx2.AsyncClient, admin: User, database: Database
    ) -> None:
        await admin_client.post(URL, json={"email": ADDRESS})
        last = (await trail(database))[-1]
        assert (last.action, last.actor_id) == ("invite:created", admin.id)
        assert last.changes["after"]["email"] == "a***@example.org"
        assert last.changes["after"]["role"] == "user"

    async def test_sends_nothing_without_a_mail_server(
        self, admin_client: httpx2.AsyncClient, services: Services
    ) -> None:
        answer = await admin_client.post(URL, json={"email": ADDRESS})
        assert answer.json()["mailed"] is False
        assert await mails(services) == []

    async def test_takes_an_end_of_its_own(self, admin_client: httpx2.AsyncClient) -> None:
        end = (utc_now() + timedelta(hours=2)).isoformat()
        answer = await admin_client.post(URL, json={"expires_at": end})
        found = answer.json()["expires_at"]
        assert datetime.fromisoformat(found) == datetime.fromisoformat(end)

    async def test_is_pointless_for_who_has_an_account(
        self, admin_client: httpx2.AsyncClient, user: User
    ) -> None:
        answer = await admin_client.post(URL, json={"email": user.email.upper()})
        assert answer.status_code == 409

    @pytest.mark.parametrize(
        "wrong",
        [
            {"email": "nobody"},
            {"email": "a@example.com\nBcc: b@example.com"},
            {"role": "god"},
            {"role": None},
            {"expires_at": "2020-01-01T00:00:00Z"},
            {"expires_at": "2999-01-01T00:00:00Z"},
            {"token": "mine"},
        ],
    )
    async def test_refuses_what_makes_no_sense(
        self, admin_client: httpx2.AsyncClient, wrong: dict[str, Any], database: Database
    ) -> None:
        assert (await admin_client.post(URL, json=wrong)).status_code == 422
        async with database.reading() as db:
            assert (await db.execute(select(OneTimeToken))).all() == []


class TestEndOfInvite:
    @pytest.mark.parametrize("end", [{"role": Role.USER}, {"is_active": False}, None])
    async def test_comes_with_the_end_of_who_made_it(
        self,
        admin_client: httpx2.AsyncClient,
        client: httpx2.AsyncClient,
        services: Services,
        admin: User,
        end: dict[str, Any] | None,
    ) -> None:
        await make_user(services, "other", Role.ADMIN)
        token = (await admin_client.post(URL, json={"role": "admin"})).json()["token"]
        if end is None:
            assert (await admin_client.delete("/api/v1/me")).status_code == 204
        else:
            await change_users(services.database, admin, **end)
        page = await client.get(f"/account/accept-invite?token={token}")
        guest = {"email": ADDRESS, "username": "ada", "password": PASSWORD, "invite": token}
        answer = await client.post("/api/v1/auth/register", json=guest)
        assert (page.status_code, answer.status_code) == (400, 400)
        assert answer.json()["code"] == "invalid_token"

    async def test_does_not_come_with_another_invite(
        self, admin_client: httpx2.AsyncClient, client: httpx2.AsyncClient
    ) -> None:
        tokens = [(await admin_client.post(URL, json={})).json()["token"] for _ in range(2)]
        for number, token in enumerate(tokens):
            guest = {"email": f"{number}@example.org", "username": f"guest{number}"}
            body = guest | {"password": PASSWORD, "invite": token}
            assert (await client.post("/api/v1/auth/register", json=body)).status_code == 202


class TestMailedInvite:
    async def test_reaches_an_owner_whose_address_somebody_else_entered(
        self, mailing_app: FastAPI, mailing: Services, admin: User
    ) -> None:
        async with make_client(mailing_app) as stranger:
            squatter = {"email": ADDRESS, "username": "squatter", "password": PASSWORD}
            await stranger.post("/api/v1/auth/register", json=squatter)
        async with make_client(mailing_app, await make_access_token(mailing, admin)) as client:
            made = (await client.post(URL, json={"email": ADDRESS})).json()
            guest = {"email": ADDRESS, "username": "ada", "password": "another one entirely"}
            await client.post("/api/v1/auth/register", json=guest | {"invite": made["token"]})
            assert (await log_in(client, ADDRESS)).status_code == 401
            assert (await log_in(client, ADDRESS, "another one entirely")).status_code == 200

    async def test_brings_the_token_to_the_address(
        self, mailing_app: FastAPI, mailing: Services, admin: User
    ) -> None:
        token = await make_access_token(mailing, admin)
        async with make_client(mailing_app, token) as client:
            made = (await client.post(URL, json={"email": ADDRESS})).json()
        assert made["mailed"]
        (letter,) = await mails(mailing)
        assert (letter["to"], letter["template"]) == (ADDRESS, "invitation")
        assert letter["content"]["token"] == made["token"]
        assert letter["content"]["inviter"] == "owner"
