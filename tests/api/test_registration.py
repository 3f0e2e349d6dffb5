"""Accounts that people make for themselves."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select
from tests.factories.clients import make_client
from tests.factories.users import PASSWORD, change_users, log_in, make_user
from tests.factories.waiting_mail import mails, received, token_for

from portfolio.core.clock import utc_now
from portfolio.core.config import LimitSettings, Settings
from portfolio.main import create_app
from portfolio.models.credentials import Purpose
from portfolio.models.outbox import OutboxJob
from portfolio.models.users import Role, User
from portfolio.wiring import Services

REGISTER = "/api/v1/auth/register"
VERIFY = "/api/v1/auth/verify-email"
ADA = "ada@example.com"
WIDE = "\N{FULLWIDTH LATIN SMALL LETTER A}da@example.com"
VARIANTS = (ADA, "ADA@example.com", "Ada@Example.COM", WIDE, " ada@example.com ")


def registration(**changes: Any) -> dict[str, Any]:
    return {"email": ADA, "username": "ada", "password": PASSWORD} | changes


async def register(client: httpx2.AsyncClient, **changes: Any) -> httpx2.Response:
    return await client.post(REGISTER, json=registration(**changes))


async def verify(client: httpx2.AsyncClient, token: str) -> int:
    return (await client.post(VERIFY, json={"token": token})).status_code


async def accounts(services: Services) -> list[User]:
    async with services.database.reading() as db:
        return list((await db.execute(select(User).order_by(User.id))).scalars())


async def make_invite(
    services: Services, email: str | None = None, role: Role | None = None
) -> str:
    async with services.database.transaction() as db:
        one_time = services.one_time_tokens
        return (await one_time.issue(db, Purpose.INVITE, email=email, role=role)).token


@asynccontextmanager
async def like(services: Services, **security: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the same application with other settings."""
    settings = services.settings
    groups = {"security": settings.security.model_copy(update=security)}
    application = create_app(settings.model_copy(update=groups))
    async with make_client(application) as client:
        yield client
    await application.state.services.close()


class TestRegister:
    async def test_waits_for_the_link_in_the_mail(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        answer = await register(stranger)
        assert answer.status_code == 202
        assert answer.json()["verification_required"] is True
        assert (await log_in(stranger, ADA)).status_code == 401
        assert await verify(stranger, await token_for(mailing, ADA, "verify_email")) == 204
        assert (await log_in(stranger, ADA)).status_code == 200

    async def test_opens_the_account_at_once_where_no_mail_is_sent(
        self, client: httpx2.AsyncClient, services: Services
    ) -> None:
        answer = await register(client, display_name="Ada Lovelace")
        assert answer.status_code == 202
        assert answer.json()["verification_required"] is False
        login = await log_in(client, ADA)
        assert login.json()["user"]["display_name"] == "Ada Lovelace"
        (account,) = await accounts(services)
        assert account.email_verified_at is None
        assert account.role is Role.USER
        assert account.has_long_password

    async def test_is_told_of_a_name_that_is_taken(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await make_user(mailing, "ada")
        answer = await register(stranger, email="countess@example.com", username="Ada")
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["field"] == "username"

    @pytest.mark.requirement("39")
    @pytest.mark.parametrize(
        "more",
        [
            {"role": "admin"},
            {"is_admin": True},
            {"id": 1},
            {"email_verified": True},
            {"email_verified_at": "2026-01-01T00:00:00Z"},
            {"created_at": "2020-01-01T00:00:00Z"},
            {"email": "not an address"},
            {"username": "a b"},
            {"username": "12"},
            {"invite": ""},
        ],
    )
    async def test_refuses_what_is_not_for_strangers_to_say(
        self, client: httpx2.AsyncClient, services: Services, more: dict[str, Any]
    ) -> None:
        assert (await register(client, **more)).status_code == 422
        assert await accounts(services) == []

    @pytest.mark.requirement("1")
    async def test_takes_passwords_of_eight_characters_or_more(
        self, client: httpx2.AsyncClient
    ) -> None:
        assert (await register(client, password="öäüöäü7")).status_code == 422
        assert (await register(client, password="öäüöäü78")).status_code == 202
        assert (await log_in(client, ADA, "öäüöäü78")).status_code == 200

    @pytest.mark.requirement("3")
    @pytest.mark.parametrize("length", [64, 72, 73, 128, 256])
    async def test_counts_every_character_of_a_long_password(
        self, client: httpx2.AsyncClient, length: int
    ) -> None:
        password = ("pass 🔑\0" * 40)[:length]
        assert (await register(client, password=password)).status_code == 202
        assert (await log_in(client, ADA, password[:-1] + "?")).status_code == 401
        assert (await log_in(client, ADA, password)).status_code == 200

    @pytest.mark.requirement("3")
    async def test_refuses_a_password_beyond_reason(self, client: httpx2.AsyncClient) -> None:
        assert (await register(client, password="x" * 257)).status_code == 422

    @pytest.mark.requirement("4")
    @pytest.mark.parametrize("password", ["password1", "Countess", "Analytical", "example!"])
    async def test_refuses_what_anybody_would_guess(
        self, client: httpx2.AsyncClient, password: str
    ) -> None:
        answer = await register(
            client, email="analytical@example.com", username="countess", password=password
        )
        if password == "example!":
            assert answer.status_code == 202
            return
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "password"

    @pytest.mark.requirement("4")
    async def test_asks_for_no_kinds_of_characters(self, client: httpx2.AsyncClient) -> None:
        assert (await register(client, password="qvxzjkwpylmfgbhdtcnr")).status_code == 202


@pytest.mark.requirement("7")
class TestTakenAddress:
    async def test_gets_the_same_answer_and_its_owner_a_mail(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        fresh = await register(stranger, email="new@example.com", username="new")
        await make_user(mailing, "ada")
        taken = await register(stranger, username="someone")
        assert (taken.status_code, taken.content) == (202, fresh.content)
        assert taken.headers.keys() == fresh.headers.keys()
        assert await received(mailing, ADA) == ["already_registered"]
        assert [user.username for user in await accounts(mailing) if user.is_active] == [
            "new",
            "ada",
        ]

    async def test_keeps_the_name_like_any_other(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        """Were it free again, whoever asks twice would know that there is an account."""
        await make_user(mailing, "ada")
        answers = []
        for email in (ADA, "new@example.com"):
            name = email.partition("@")[0] + "-2"
            for repeated in (email, email, f"other-{email}"):
                answer = await register(stranger, email=repeated, username=name)
                answers.append(answer.status_code)
        assert answers == [202, 202, 409] * 2
        assert await received(mailing, ADA) == ["already_registered"] * 2

    async def test_keeps_a_name_that_opens_nothing(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await make_user(mailing, "ada")
        invite = await make_invite(mailing, ADA, Role.ADMIN)
        await register(stranger, username="someone", invite=invite)
        kept = (await accounts(mailing))[-1]
        assert (kept.username, kept.is_active, kept.role) == ("someone", False, Role.USER)
        await change_users(mailing.database, kept, is_active=True, email_verified_at=utc_now())
        assert (await log_in(stranger, "someone")).status_code == 401

    async def test_keeps_the_name_for_a_week(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await make_user(mailing, "ada")
        await register(stranger, username="someone")
        await change_users(mailing.database, created_at=utc_now() - timedelta(days=8))
        async with mailing.database.transaction() as db:
            await mailing.registration.forget_unverified(db)
        assert [user.username for user in await accounts(mailing)] == ["ada"]

    async def test_changes_nothing_of_the_account(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await make_user(mailing, "ada")
        await register(stranger, username="someone", password="another one entirely")
        assert (await log_in(stranger, ADA, "another one entirely")).status_code == 401
        assert (await log_in(stranger, ADA)).status_code == 200

    @pytest.mark.requirement("8")
    @pytest.mark.parametrize("variant", VARIANTS)
    async def test_is_the_same_in_every_spelling(
        self, stranger: httpx2.AsyncClient, mailing: Services, variant: str
    ) -> None:
        await make_user(mailing, "ada")
        assert (await register(stranger, email=variant, username="else")).status_code == 202
        assert await received(mailing, ADA) == ["already_registered"]

    async def test_does_not_say_whose_name_belongs_to_it(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await make_user(mailing, "ada")
        other = await register(stranger, email="other@example.com", username="ada")
        own = await register(stranger)
        assert (other.status_code, own.status_code) == (409, 409)


class TestUnverifiedAddress:
    async def test_belongs_to_whoever_registered_last(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await register(stranger, username="thief", password="the password of a thief")
        early = await token_for(mailing, ADA, "verify_email")
        assert (await register(stranger)).status_code == 202
        assert await verify(stranger, early) == 400
        late = await token_for(mailing, ADA, "verify_email")
        assert await verify(stranger, late) == 204
        assert (await log_in(stranger, ADA, "the password of a thief")).status_code == 401
        assert (await log_in(stranger, "ada")).status_code == 200
        assert [user.username for user in await accounts(mailing)] == ["ada"]

    async def test_gives_its_name_free_after_a_week(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await register(stranger)
        await make_user(mailing, "bob")
        for age, left in ((6, ["ada", "bob"]), (8, ["bob"])):
            created_at = utc_now() - timedelta(days=age)
            await change_users(mailing.database, created_at=created_at)
            async with mailing.database.transaction() as db:
                await mailing.registration.forget_unverified(db)
            assert sorted(user.username for user in await accounts(mailing)) == left

    async def test_is_no_reason_to_delete_anybody_where_no_mail_is_sent(
        self, client: httpx2.AsyncClient, services: Services
    ) -> None:
        await register(client)
        await change_users(services.database, created_at=utc_now() - timedelta(days=30))
        async with services.database.transaction() as db:
            await services.registration.forget_unverified(db)
        assert len(await accounts(services)) == 1

    async def test_is_not_called_what_a_stranger_likes(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await register(stranger, display_name="You won! https://evil.example")
        await stranger.post("/api/v1/auth/password/forgot", json={"email": ADA})
        for _ in range(5):
            await log_in(stranger, ADA, "wrong wrong wrong")
        letters = await mails(mailing)
        templates = {letter["template"] for letter in letters}
        assert templates == {"verify_email", "reset_password", "unlock_account"}
        assert "evil" not in str(letters)


class TestVerify:
    @pytest.mark.parametrize("token", ["x", "x" * 43])
    async def test_refuses_a_link_that_was_made_up(
        self, stranger: httpx2.AsyncClient, token: str
    ) -> None:
        answer = await stranger.post(VERIFY, json={"token": token})
        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid_token"

    @pytest.mark.requirement("102")
    async def test_works_once_for_fifty_at_once(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await register(stranger)
        token = await token_for(mailing, ADA, "verify_email")
        statuses = await asyncio.gather(*(verify(stranger, token) for _ in range(50)))
        assert Counter(statuses) == {204: 1, 400: 49}

    async def test_is_sent_again_to_whoever_waits_for_it_only(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await register(stranger)
        await make_user(mailing, "bob")
        answers = [
            await stranger.post(f"{VERIFY}/resend", json={"email": email})
            for email in ("ADA@example.com", "bob@example.com", "nobody@example.com")
        ]
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        assert await received(mailing, ADA) == ["verify_email"] * 2
        assert len(await mails(mailing)) == 2


@pytest.mark.requirement("97")
class TestManyAtOnce:
    @pytest.mark.parametrize("verified", [False, True])
    async def test_make_one_account_of_one_address(
        self,
        client: httpx2.AsyncClient,
        stranger: httpx2.AsyncClient,
        services: Services,
        verified: bool,
    ) -> None:
        asked = stranger if verified else client
        answers = await asyncio.gather(
            *(
                register(asked, email=VARIANTS[number % len(VARIANTS)], username=f"ada{number}")
                for number in range(50)
            )
        )
        assert {answer.status_code for answer in answers} <= {202, 409}
        async with services.database.reading() as db:
            count = select(func.count(User.id)).where(User.email == ADA)
            assert (await db.execute(count)).scalar_one() == 1

    async def test_make_one_account_of_one_name(
        self, client: httpx2.AsyncClient, services: Services
    ) -> None:
        answers = await asyncio.gather(
            *(register(client, email=f"ada{number}@example.com") for number in range(20))
        )
        assert Counter(answer.status_code for answer in answers) == {202: 1, 409: 19}
        assert len(await accounts(services)) == 1


class TestModes:
    async def test_closed_makes_no_account_at_all(self, services: Services) -> None:
        token = await make_invite(services)
        async with like(services, registration="closed") as client:
            for answer in (await register(client), await register(client, invite=token)):
                assert answer.status_code == 403
                assert answer.json()["code"] == "registration_closed"
        assert await accounts(services) == []

    async def test_by_invitation_asks_for_one_that_works(self, services: Services) -> None:
        async with like(services, registration="invite") as client:
            assert (await register(client)).status_code == 403
            dead = await register(client, invite="x" * 43)
            assert (dead.status_code, dead.json()["code"]) == (400, "invalid_token")
            token = await make_invite(services, role=Role.ADMIN)
            assert (await register(client, invite=token)).status_code == 202
            again = await register(client, email="b@example.com", username="bob", invite=token)
            assert again.status_code == 400
        (account,) = await accounts(services)
        assert account.role is Role.ADMIN

    async def test_open_takes_invitations_too(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        """Whoever opened it where it was sent has confirmed the address by that."""
        token = await make_invite(mailing, ADA)
        answer = await register(stranger, email="ADA@example.com", invite=token)
        assert answer.json()["verification_required"] is False
        assert (await log_in(stranger, ADA)).status_code == 200
        assert await mails(mailing) == []

    async def test_an_invitation_confirms_no_other_address(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        token = await make_invite(mailing, "other@example.com", Role.ADMIN)
        answer = await register(stranger, invite=token)
        assert answer.json()["verification_required"] is True
        assert (await log_in(stranger, ADA)).status_code == 401
        assert await received(mailing, ADA) == ["verify_email"]

    async def test_an_invitation_is_spent_by_no_refusal(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        await make_user(mailing, "bob")
        token = await make_invite(mailing)
        assert (await register(stranger, username="bob", invite=token)).status_code == 409
        assert (await register(stranger, invite=token)).status_code == 202

    async def test_rights_of_an_invitation_go_to_nobody_else(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        token = await make_invite(mailing, role=Role.ADMIN)
        await register(stranger, invite=token)
        await register(stranger, username="thief")
        (account,) = await accounts(mailing)
        assert account.role is Role.USER


class TestMail:
    @pytest.mark.requirement("17")
    async def test_is_sent_to_one_address_twice_an_hour(
        self, settings: Settings, mailing: Services
    ) -> None:
        limits = settings.limits.model_copy(update={"account_mail": LimitSettings().account_mail})
        groups = {"limits": limits, "mail": mailing.settings.mail}
        application = create_app(settings.model_copy(update=groups))
        async with make_client(application) as client:
            answers = [
                await register(client, username=f"ada{number}", password=f"{PASSWORD} {number}")
                for number in range(4)
            ]
        await application.state.services.close()
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        assert await received(mailing, ADA) == ["verify_email"] * 2
        # The link that was sent last still belongs to what it was sent for.
        assert [user.username for user in await accounts(mailing)] == ["ada1"]

    @pytest.mark.requirement("79")
    async def test_waits_sealed(self, stranger: httpx2.AsyncClient, mailing: Services) -> None:
        await register(stranger)
        async with mailing.database.reading() as db:
            jobs = list((await db.execute(select(OutboxJob))).scalars())
        assert len(jobs) == 1
        assert "ada" not in str(jobs[0].payload)

    @pytest.mark.requirement("62")
    async def test_leads_where_the_settings_say_whatever_host_was_asked(
        self, stranger: httpx2.AsyncClient, mailing: Services
    ) -> None:
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        await stranger.post(REGISTER, json=registration(), headers=headers)
        assert "evil" not in str(await mails(mailing))
        assert mailing.settings.account_url == "http://test/account"
