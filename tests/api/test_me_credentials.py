"""What opens an account, changed by whose it is: its password and its address."""

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from tests.factories.clients import make_client
from tests.factories.users import (
    PASSWORD,
    bearing,
    change_users,
    grow_stale,
    log_in,
    make_access_token,
    make_user,
)
from tests.factories.waiting_mail import mails, received, token_for

from portfolio.models.users import User
from portfolio.wiring import Services

ME = "/api/v1/me"
VERIFY = "/api/v1/auth/verify-email"
READER, NEW_ADDRESS = "reader@example.com", "new@example.com"
NEW = "a brand new password"


async def change(client: httpx2.AsyncClient, current: str = PASSWORD, new: str = NEW) -> int:
    body = {"current_password": current, "new_password": new}
    return (await client.put(f"{ME}/password", json=body)).status_code


async def move(client: httpx2.AsyncClient, email: str = NEW_ADDRESS) -> httpx2.Response:
    return await client.put(f"{ME}/email", json={"email": email})


async def email_of(services: Services, user: User) -> str:
    async with services.database.reading() as db:
        return (await db.execute(select(User.email).where(User.id == user.id))).scalar_one()


@pytest.fixture
async def reader(mailing: Services) -> User:
    return await make_user(mailing, "reader")


@pytest.fixture
async def reading(mailing_app: FastAPI, mailing: Services, reader: User) -> httpx2.AsyncClient:
    """Signed in where addresses have to be confirmed."""
    return make_client(mailing_app, await make_access_token(mailing, reader))


@pytest.mark.requirement("9")
class TestChangePassword:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        assert await change(client) == 401

    async def test_ends_all_other_sessions(
        self,
        user_client: httpx2.AsyncClient,
        client: httpx2.AsyncClient,
        services: Services,
        user: User,
    ) -> None:
        other = bearing(await make_access_token(services, user))
        assert await change(user_client) == 204
        assert (await user_client.get(ME)).status_code == 200
        assert (await client.get(ME, headers=other)).status_code == 401
        assert (await log_in(client, READER)).status_code == 401
        assert (await log_in(client, READER, NEW)).status_code == 200

    @pytest.mark.requirement("36")
    async def test_tells_the_owner(
        self, user_client: httpx2.AsyncClient, services: Services
    ) -> None:
        await change(user_client)
        assert await received(services, READER) == ["password_changed"]

    async def test_refuses_a_wrong_password_and_counts_it(
        self, user_client: httpx2.AsyncClient, client: httpx2.AsyncClient
    ) -> None:
        for _ in range(5):
            assert await change(user_client, "wrong wrong wrong") == 403
        assert await change(user_client, "wrong wrong wrong") == 429
        assert (await log_in(client, READER)).status_code == 429
        assert (await user_client.get(ME)).status_code == 200

    @pytest.mark.requirement("4")
    @pytest.mark.parametrize("new", ["short", "password1", "reader@example.com", "x" * 257])
    async def test_refuses_a_bad_new_one(
        self, user_client: httpx2.AsyncClient, client: httpx2.AsyncClient, new: str
    ) -> None:
        body = {"current_password": PASSWORD, "new_password": new}
        answer = await user_client.put(f"{ME}/password", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "new_password"
        assert (await log_in(client, READER)).status_code == 200

    async def test_loses_nothing_to_many_at_once(
        self, user_client: httpx2.AsyncClient, client: httpx2.AsyncClient
    ) -> None:
        """The first is right; the others proved a password that is none any more."""
        statuses = await asyncio.gather(
            *(change(user_client, PASSWORD, f"{NEW} {number}") for number in range(5))
        )
        assert statuses.count(204) == 1
        assert set(statuses) <= {204, 403, 409}
        chosen = f"{NEW} {statuses.index(204)}"
        assert (await log_in(client, READER, chosen)).status_code == 200


@pytest.mark.requirement("31")
class TestChangeAddress:
    async def test_is_for_those_who_are_signed_in(self, client: httpx2.AsyncClient) -> None:
        assert (await move(client)).status_code == 401

    async def test_waits_for_the_link_in_the_mail(
        self, reading: httpx2.AsyncClient, mailing: Services, reader: User
    ) -> None:
        answer = await move(reading, "New@Example.com")
        assert answer.status_code == 202
        assert answer.json()["verification_required"] is True
        assert await email_of(mailing, reader) == READER
        token = await token_for(mailing, NEW_ADDRESS, "confirm_email")
        assert (await reading.post(VERIFY, json={"token": token})).status_code == 204
        assert await email_of(mailing, reader) == NEW_ADDRESS
        assert (await reading.post(VERIFY, json={"token": token})).status_code == 400
        assert (await log_in(reading, NEW_ADDRESS)).status_code == 200
        assert (await log_in(reading, READER)).status_code == 401

    @pytest.mark.requirement("36")
    async def test_tells_the_old_address_and_the_new_one(
        self, reading: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await move(reading)
        token = await token_for(mailing, NEW_ADDRESS, "confirm_email")
        await reading.post(VERIFY, json={"token": token})
        assert await received(mailing, READER) == ["email_changed"]
        assert await received(mailing, NEW_ADDRESS) == ["confirm_email", "email_changed"]

    async def test_asks_who_has_been_away_to_prove_who_they_are(
        self, reading: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await grow_stale(mailing.database)
        answer = await move(reading)
        assert (answer.status_code, answer.json()["code"]) == (403, "reauth_required")
        assert await mails(mailing) == []

    @pytest.mark.requirement("7")
    async def test_does_not_tell_who_has_an_account(
        self, reading: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await make_user(mailing, "ada")
        fresh, taken = await move(reading), await move(reading, "ada@example.com")
        assert (taken.status_code, taken.content) == (fresh.status_code, fresh.content)
        assert await received(mailing, "ada@example.com") == ["already_registered"]

    async def test_gives_way_to_whoever_registered_meanwhile(
        self, reading: httpx2.AsyncClient, mailing: Services, reader: User
    ) -> None:
        await move(reading)
        token = await token_for(mailing, NEW_ADDRESS, "confirm_email")
        await make_user(mailing, "new")
        assert (await reading.post(VERIFY, json={"token": token})).status_code == 409
        assert await email_of(mailing, reader) == READER

    async def test_is_not_stopped_by_a_registration_that_nobody_confirmed(
        self, reading: httpx2.AsyncClient, mailing: Services, reader: User
    ) -> None:
        body = {"email": NEW_ADDRESS, "username": "squatter", "password": PASSWORD}
        await reading.post("/api/v1/auth/register", json=body)
        await move(reading)
        token = await token_for(mailing, NEW_ADDRESS, "confirm_email")
        assert (await reading.post(VERIFY, json={"token": token})).status_code == 204
        assert await email_of(mailing, reader) == NEW_ADDRESS

    async def test_ends_links_that_went_to_the_old_address(
        self, reading: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await reading.post("/api/v1/auth/password/forgot", json={"email": READER})
        old = await token_for(mailing, READER, "reset_password")
        await move(reading)
        token = await token_for(mailing, NEW_ADDRESS, "confirm_email")
        await reading.post(VERIFY, json={"token": token})
        body = {"token": old, "password": NEW}
        answer = await reading.post("/api/v1/auth/password/reset", json=body)
        assert answer.status_code == 400

    async def test_is_taken_back_by_a_new_password(
        self, reading: httpx2.AsyncClient, mailing: Services, reader: User
    ) -> None:
        """Whoever stole a session must not take the account along to another address."""
        await move(reading)
        token = await token_for(mailing, NEW_ADDRESS, "confirm_email")
        assert await change(reading) == 204
        assert (await reading.post(VERIFY, json={"token": token})).status_code == 400

    async def test_happens_at_once_where_no_mail_is_sent(
        self, user_client: httpx2.AsyncClient, services: Services, user: User
    ) -> None:
        answer = await move(user_client)
        assert answer.status_code == 202
        assert answer.json()["verification_required"] is False
        assert await email_of(services, user) == NEW_ADDRESS

    async def test_takes_no_address_of_another_where_no_mail_is_sent(
        self, user_client: httpx2.AsyncClient, services: Services, user: User
    ) -> None:
        await make_user(services, "ada")
        assert (await move(user_client, "ada@example.com")).status_code == 409
        assert await email_of(services, user) == READER


@pytest.mark.requirement("39")
class TestOtherFields:
    @pytest.mark.parametrize("more", [{"role": "admin"}, {"email_verified": True}, {"id": 1}])
    async def test_are_refused(
        self, user_client: httpx2.AsyncClient, services: Services, user: User, more: dict[str, Any]
    ) -> None:
        for path, body in (
            ("email", {"email": NEW_ADDRESS}),
            ("password", {"current_password": PASSWORD, "new_password": NEW}),
        ):
            answer = await user_client.put(f"{ME}/{path}", json=body | more)
            assert answer.status_code == 422
        assert await email_of(services, user) == READER


@pytest.mark.requirement("21")
class TestDeactivation:
    async def test_shuts_out_at_once(
        self, user_client: httpx2.AsyncClient, services: Services, user: User
    ) -> None:
        await change_users(services.database, user, is_active=False)
        assert await change(user_client) == 401
