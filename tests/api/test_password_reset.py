"""Back into an account by mail: a new password, and an end of the lock."""

import asyncio
from collections import Counter
from datetime import timedelta

import httpx2
import pytest
from tests.factories.two_factor import challenged, enrol, verify
from tests.factories.users import (
    PASSWORD,
    bearing,
    change_users,
    log_in,
    make_access_token,
    make_user,
)
from tests.factories.waiting_mail import mails, received, token_for
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.models.users import User
from portfolio.wiring import Services

FORGOT = "/api/v1/auth/password/forgot"
RESET = "/api/v1/auth/password/reset"
UNLOCK = "/api/v1/auth/unlock"
ME = "/api/v1/me"
READER = "reader@example.com"
NEW = "a brand new password"
RESET_MAIL = "reset_password"


async def forgot(client: httpx2.AsyncClient, email: str = READER) -> httpx2.Response:
    return await client.post(FORGOT, json={"email": email})


async def reset(client: httpx2.AsyncClient, token: str, password: str = NEW) -> httpx2.Response:
    return await client.post(RESET, json={"token": token, "password": password})


@pytest.fixture
async def link(client: httpx2.AsyncClient, services: Services, user: User) -> str:
    """The token of a mail that was asked for."""
    await forgot(client)
    return await token_for(services, READER, RESET_MAIL)


@pytest.mark.requirement("34")
class TestForgot:
    async def test_answers_alike_whoever_is_asked_for(
        self, client: httpx2.AsyncClient, services: Services, user: User
    ) -> None:
        gone = await make_user(services, "gone")
        await change_users(services.database, gone, is_active=False)
        addresses = (READER, "nobody@example.com", "gone@example.com")
        answers = [await forgot(client, address) for address in addresses]
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        assert [(mail["to"], mail["template"]) for mail in await mails(services)] == [
            (READER, RESET_MAIL)
        ]

    async def test_runs_the_same_statements_whoever_is_asked_for(
        self,
        client: httpx2.AsyncClient,
        services: Services,
        user: User,
        count_queries: list[str],
    ) -> None:
        runs = []
        for address in (READER, "nobody@example.com"):
            count_queries.clear()
            await forgot(client, address)
            runs.append(list(count_queries))
        assert runs[0] == runs[1]
        assert len(runs[0]) == 1

    @pytest.mark.requirement("8")
    async def test_mails_the_address_as_it_is_stored(
        self, client: httpx2.AsyncClient, services: Services, user: User
    ) -> None:
        await forgot(client, "\N{FULLWIDTH LATIN CAPITAL LETTER R}EADER@Example.com")
        assert await received(services, READER) == [RESET_MAIL]
        assert len(await mails(services)) == 1

    @pytest.mark.parametrize("email", ["", "reader", "a@b@c", "x" * 300 + "@example.com"])
    async def test_refuses_what_is_no_address(self, client: httpx2.AsyncClient, email: str) -> None:
        assert (await forgot(client, email)).status_code == 422


@pytest.mark.requirement("33")
class TestReset:
    async def test_sets_the_password_and_signs_nobody_in(
        self, client: httpx2.AsyncClient, services: Services, link: str
    ) -> None:
        answer = await reset(client, link)
        assert (answer.status_code, answer.content) == (204, b"")
        assert "Set-Cookie" not in answer.headers
        assert (await log_in(client, READER)).status_code == 401
        assert (await log_in(client, READER, NEW)).status_code == 200
        assert await received(services, READER) == [RESET_MAIL, "password_changed"]

    @pytest.mark.requirement("21")
    async def test_ends_all_sessions_at_once(
        self, client: httpx2.AsyncClient, services: Services, user: User, link: str
    ) -> None:
        headers = bearing(await make_access_token(services, user))
        assert (await client.get(ME, headers=headers)).status_code == 200
        await reset(client, link)
        assert (await client.get(ME, headers=headers)).status_code == 401

    async def test_works_once(self, client: httpx2.AsyncClient, link: str) -> None:
        assert (await reset(client, link)).status_code == 204
        again = await reset(client, link, "yet another password")
        assert (again.status_code, again.json()["code"]) == (400, "invalid_token")

    @pytest.mark.requirement("102")
    async def test_works_once_for_fifty_at_once(
        self, client: httpx2.AsyncClient, link: str
    ) -> None:
        answers = await asyncio.gather(
            *(reset(client, link, f"{NEW} {number}") for number in range(50))
        )
        statuses = [answer.status_code for answer in answers]
        assert Counter(statuses) == {204: 1, 400: 49}
        chosen = f"{NEW} {statuses.index(204)}"
        assert (await log_in(client, READER, chosen)).status_code == 200

    async def test_is_over_after_half_an_hour(self, client: httpx2.AsyncClient, link: str) -> None:
        with travel(utc_now() + timedelta(minutes=31), tick=False):
            assert (await reset(client, link)).status_code == 400

    async def test_is_ended_by_a_newer_one(
        self, client: httpx2.AsyncClient, services: Services, link: str
    ) -> None:
        await forgot(client)
        newer = await token_for(services, READER, RESET_MAIL)
        assert (await reset(client, link)).status_code == 400
        assert (await reset(client, newer)).status_code == 204

    async def test_is_ended_by_a_change_of_the_password(
        self, client: httpx2.AsyncClient, services: Services, user: User, link: str
    ) -> None:
        headers = bearing(await make_access_token(services, user))
        change = {"current_password": PASSWORD, "new_password": NEW}
        answer = await client.put(f"{ME}/password", json=change, headers=headers)
        assert answer.status_code == 204
        assert (await reset(client, link, "a third password")).status_code == 400

    @pytest.mark.requirement("4")
    @pytest.mark.parametrize("password", ["short", "password1", "reader@example.com"])
    async def test_is_not_spent_by_a_password_that_is_refused(
        self, client: httpx2.AsyncClient, link: str, password: str
    ) -> None:
        answer = await reset(client, link, password)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "password"
        assert (await reset(client, link)).status_code == 204

    @pytest.mark.requirement("14")
    async def test_ends_a_lock_and_is_stopped_by_none(
        self, client: httpx2.AsyncClient, link: str
    ) -> None:
        for identifier in (READER, "reader"):
            for _ in range(5):
                await log_in(client, identifier, "wrong wrong wrong")
            assert (await log_in(client, identifier)).status_code == 429
        assert (await reset(client, link)).status_code == 204
        for identifier in (READER, "reader"):
            assert (await log_in(client, identifier, NEW)).status_code == 200

    async def test_goes_round_no_second_factor(
        self, user_client: httpx2.AsyncClient, client: httpx2.AsyncClient, services: Services
    ) -> None:
        app = await enrol(user_client)
        begun = await challenged(client)
        await forgot(client)
        await reset(client, await token_for(services, READER, RESET_MAIL))
        assert (await log_in(client, READER, NEW)).json()["two_factor_required"] is True
        # What began with the old password ends with it.
        answer = await verify(client, begun, app.recovery_codes[0], "recovery_code")
        assert answer.status_code == 401

    async def test_confirms_the_address_that_it_was_sent_to(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        body = {"email": READER, "username": "reader", "password": PASSWORD}
        await stranger.post("/api/v1/auth/register", json=body)
        assert (await log_in(stranger, READER)).status_code == 401
        await forgot(stranger)
        await reset(stranger, await token_for(mailing, READER, RESET_MAIL))
        assert (await log_in(stranger, READER, NEW)).status_code == 200

    async def test_notes_whether_the_password_is_a_long_one(
        self, client: httpx2.AsyncClient, services: Services, user: User, link: str
    ) -> None:
        await reset(client, link, "fourteen chars")
        async with services.database.reading() as db:
            found = await db.get(User, user.id)
        assert found is not None
        assert not found.has_long_password

    @pytest.mark.requirement("20")
    async def test_takes_no_token_of_another_kind(
        self, client: httpx2.AsyncClient, services: Services, user: User, link: str
    ) -> None:
        for path in (UNLOCK, "/api/v1/auth/verify-email"):
            assert (await client.post(path, json={"token": link})).status_code == 400
        assert (await client.get(ME, headers=bearing(link))).status_code == 401
        access = await make_access_token(services, user)
        assert (await reset(client, access[:100])).status_code == 400


@pytest.mark.requirement("14")
class TestUnlock:
    @pytest.fixture
    async def link(self, client: httpx2.AsyncClient, services: Services, user: User) -> str:
        for _ in range(5):
            await log_in(client, READER, "wrong wrong wrong")
        return await token_for(services, READER, "unlock_account")

    async def test_lets_its_owner_sign_in_again(
        self, client: httpx2.AsyncClient, link: str
    ) -> None:
        assert (await log_in(client, READER)).status_code == 429
        assert (await client.post(UNLOCK, json={"token": link})).status_code == 204
        assert (await log_in(client, READER)).status_code == 200
        assert (await client.post(UNLOCK, json={"token": link})).status_code == 400

    @pytest.mark.requirement("102")
    async def test_works_once_for_fifty_at_once(
        self, client: httpx2.AsyncClient, link: str
    ) -> None:
        answers = await asyncio.gather(
            *(client.post(UNLOCK, json={"token": link}) for _ in range(50))
        )
        assert Counter(answer.status_code for answer in answers) == {204: 1, 400: 49}
