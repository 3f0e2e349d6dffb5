"""The pages that links in mails lead to."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from tests.factories.users import PASSWORD, log_in, make_access_token, make_user
from tests.factories.waiting_mail import token_for

from portfolio.api.pages.account import CONFIRM, INVITE, RESET, UNLOCK, VERIFY
from portfolio.models.credentials import OneTimeToken, Purpose
from portfolio.models.users import Role, User
from portfolio.wiring import Services

READER = "reader@example.com"
NEW = "a brand new password"
PURPOSES = {
    VERIFY.action: Purpose.VERIFY_EMAIL,
    CONFIRM.action: Purpose.CHANGE_EMAIL,
    RESET.action: Purpose.RESET_PASSWORD,
    UNLOCK.action: Purpose.UNLOCK,
    INVITE.action: Purpose.INVITE,
}
FORMS: dict[str, dict[str, str]] = {
    RESET.action: {"password": NEW},
    INVITE.action: {"email": "ada@example.com", "username": "ada", "password": NEW},
}


@pytest.fixture(params=list(PURPOSES))
def page(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def reader(mailing: Services) -> User:
    return await make_user(mailing, "reader")


@pytest.fixture
async def token(mailing: Services, reader: User, page: str) -> str:
    """Of a link to this page."""
    email = READER if page == VERIFY.action else "new@example.com"
    owner = None if page == INVITE.action else reader.id
    async with mailing.database.transaction() as db:
        one_time = mailing.one_time_tokens
        return (await one_time.issue(db, PURPOSES[page], owner, email=email)).token


async def unused(services: Services) -> int:
    async with services.database.reading() as db:
        rows = select(OneTimeToken.id).where(OneTimeToken.used_at.is_(None))
        return len((await db.execute(rows)).all())


def address(page: str) -> str:
    return f"/account/{page}"


class TestShow:
    async def test_shows_one_form_and_changes_nothing(
        self, stranger: httpx2.AsyncClient, mailing: Services, page: str, token: str
    ) -> None:
        for _ in range(2):
            answer = await stranger.get(address(page), params={"token": token})
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert answer.text.count("<form") == 1
            assert f'action="{page}"' in answer.text
            assert f'name="token" value="{token}"' in answer.text
        assert await unused(mailing) == 1

    @pytest.mark.requirement("26")
    async def test_keeps_the_token_out_of_caches_referrers_and_indexes(
        self, stranger: httpx2.AsyncClient, page: str, token: str
    ) -> None:
        answer = await stranger.get(address(page), params={"token": token})
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"

    async def test_runs_no_script_and_no_foreign_style(
        self, stranger: httpx2.AsyncClient, page: str, token: str
    ) -> None:
        answer = await stranger.get(address(page), params={"token": token})
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "script" not in answer.text
        assert " style=" not in answer.text

    @pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "x"}, {"token": "x" * 500}])
    async def test_explains_a_link_that_does_not_work(
        self, stranger: httpx2.AsyncClient, page: str, query: dict[str, str]
    ) -> None:
        answer = await stranger.get(address(page), params=query)
        assert answer.status_code in {400, 422}
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "<form" not in answer.text

    async def test_is_not_part_of_the_api(self, stranger: httpx2.AsyncClient, page: str) -> None:
        paths = (await stranger.get("/openapi.json")).json()["paths"]
        assert address(page) not in paths


class TestSubmit:
    async def test_does_it_once(
        self, stranger: httpx2.AsyncClient, mailing: Services, page: str, token: str
    ) -> None:
        form = {"token": token} | FORMS.get(page, {})
        answer = await stranger.post(address(page), data=form)
        assert answer.status_code == 200
        assert "All set" in answer.text
        assert 'href="https://example.com"' in answer.text
        assert await unused(mailing) == 0
        again = await stranger.post(address(page), data=form)
        assert again.status_code == 400
        assert "<form" not in again.text

    @pytest.mark.requirement("60")
    @pytest.mark.parametrize(
        "headers",
        [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}],
    )
    async def test_refuses_the_form_of_another_site(
        self,
        stranger: httpx2.AsyncClient,
        mailing: Services,
        page: str,
        token: str,
        headers: dict[str, str],
    ) -> None:
        form = {"token": token} | FORMS.get(page, {})
        answer = await stranger.post(address(page), data=form, headers=headers)
        assert answer.status_code == 403
        assert await unused(mailing) == 1

    @pytest.mark.parametrize("more", [{"role": "admin"}, {"is_admin": "1"}, {"id": "1"}])
    @pytest.mark.requirement("39")
    async def test_refuses_fields_that_the_form_does_not_have(
        self,
        stranger: httpx2.AsyncClient,
        mailing: Services,
        page: str,
        token: str,
        more: dict[str, Any],
    ) -> None:
        form = {"token": token} | FORMS.get(page, {}) | more
        assert (await stranger.post(address(page), data=form)).status_code == 422
        assert await unused(mailing) == 1


class TestVerify:
    async def test_opens_the_account(self, stranger: httpx2.AsyncClient, mailing: Services) -> None:
        body = {"email": READER, "username": "reader", "password": PASSWORD}
        await stranger.post("/api/v1/auth/register", json=body)
        token = await token_for(mailing, READER, "verify_email")
        await stranger.post(address(VERIFY.action), data={"token": token})
        assert (await log_in(stranger, READER)).status_code == 200


class TestConfirm:
    async def test_moves_the_account_to_the_new_address(
        self, stranger: httpx2.AsyncClient, mailing: Services, reader: User
    ) -> None:
        headers = {"Authorization": f"Bearer {await make_access_token(mailing, reader)}"}
        body = {"email": "new@example.com"}
        await stranger.put("/api/v1/me/email", json=body, headers=headers)
        token = await token_for(mailing, "new@example.com", "confirm_email")
        await stranger.post(address(CONFIRM.action), data={"token": token})
        assert (await log_in(stranger, "new@example.com")).status_code == 200


class TestReset:
    @pytest.fixture
    async def token(self, stranger: httpx2.AsyncClient, mailing: Services, reader: User) -> str:
        await stranger.post("/api/v1/auth/password/forgot", json={"email": READER})
        return await token_for(mailing, READER, "reset_password")

    async def test_sets_the_password(self, stranger: httpx2.AsyncClient, token: str) -> None:
        await stranger.post(address(RESET.action), data={"token": token, "password": NEW})
        assert (await log_in(stranger, READER, NEW)).status_code == 200

    @pytest.mark.parametrize("password", ["short1!", "password1", "reader@example.com"])
    async def test_shows_the_form_again_for_a_bad_password(
        self, stranger: httpx2.AsyncClient, token: str, password: str
    ) -> None:
        form = {"token": token, "password": password}
        answer = await stranger.post(address(RESET.action), data=form)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert f'value="{token}"' in answer.text
        assert f'value="{password}"' not in answer.text
        form["password"] = NEW
        assert (await stranger.post(address(RESET.action), data=form)).status_code == 200


class TestInvite:
    @pytest.fixture
    async def token(self, mailing: Services) -> str:
        async with mailing.database.transaction() as db:
            issued = await mailing.one_time_tokens.issue(
                db, Purpose.INVITE, email="ada@example.com", role=Role.ADMIN
            )
        return issued.token

    async def test_knows_the_address_that_it_was_sent_to(
        self, stranger: httpx2.AsyncClient, token: str
    ) -> None:
        answer = await stranger.get(address(INVITE.action), params={"token": token})
        assert 'value="ada@example.com"' in answer.text

    async def test_makes_an_account_that_is_open_at_once(
        self, stranger: httpx2.AsyncClient, token: str
    ) -> None:
        form = FORMS[INVITE.action] | {"token": token, "display_name": ""}
        await stranger.post(address(INVITE.action), data=form)
        answer = await log_in(stranger, "ada", NEW)
        assert answer.json()["user"]["role"] == "admin"

    async def test_keeps_what_was_typed_but_the_password(
        self, stranger: httpx2.AsyncClient, mailing: Services, token: str
    ) -> None:
        await make_user(mailing, "taken")
        form = FORMS[INVITE.action] | {"token": token, "username": "taken"}
        answer = await stranger.post(address(INVITE.action), data=form)
        assert answer.status_code == 409
        assert "Belongs to an account." in answer.text
        assert 'value="taken"' in answer.text
        assert NEW not in answer.text

    async def test_writes_nothing_into_the_page_that_was_typed_as_markup(
        self, stranger: httpx2.AsyncClient, token: str
    ) -> None:
        form = FORMS[INVITE.action] | {"token": token, "email": '"><script>alert(1)</script>'}
        answer = await stranger.post(address(INVITE.action), data=form)
        assert answer.status_code == 422
        assert "<script" not in answer.text
        assert 'value="&quot;&gt;&lt;script&gt;' in answer.text
