"""Ending mail about comments: by one click of a mail program (RFC 8058), or on a page."""

import re
from typing import Any

import anyio
import httpx2
import pytest
from pydantic import SecretStr

from portfolio.core.sealing import Sealer
from portfolio.models.notifications import Delivery
from portfolio.wiring import Services

ADDRESS = "/api/v1/comments/unsubscribe"
EMAIL = "ada.lovelace@example.com"
CLICK = {"List-Unsubscribe": "One-Click"}
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def token(services: Services) -> str:
    return services.mail_choices.token(EMAIL)


async def chosen(services: Services) -> Delivery:
    async with services.database.reading() as db:
        return await services.mail_choices.of(db, EMAIL)


class TestOneClick:
    @pytest.mark.parametrize(
        "body",
        [
            {"data": CLICK},
            {"files": {"List-Unsubscribe": (None, "One-Click")}},
            {"json": CLICK},
            {"content": b"List-Unsubscribe=One-Click", "headers": {"Content-Type": "text/plain"}},
            {},
        ],
        ids=["form", "multipart", "json", "text", "nothing"],
    )
    async def test_ends_mail_for_good(
        self, client: httpx2.AsyncClient, services: Services, token: str, body: dict[str, Any]
    ) -> None:
        for _ in range(2):
            answer = await client.post(ADDRESS, params={"token": token}, **body)
            assert (answer.status_code, answer.json()) == (200, {"delivery": "off"})
            assert "set-cookie" not in answer.headers
            assert await chosen(services) is Delivery.OFF

    @pytest.mark.parametrize("kind", ["data", "json"])
    async def test_takes_the_token_from_the_body_too(
        self, client: httpx2.AsyncClient, services: Services, token: str, kind: str
    ) -> None:
        sent: dict[str, Any] = {kind: {"token": token, "delivery": "daily"}}
        assert (await client.post(ADDRESS, **sent)).json() == {"delivery": "daily"}
        assert await chosen(services) is Delivery.DAILY

    async def test_works_with_a_sign_in_that_is_no_longer_valid(
        self, client: httpx2.AsyncClient, token: str
    ) -> None:
        headers = {"Authorization": "Bearer none", "Origin": "https://mail.example"}
        answer = await client.post(ADDRESS, params={"token": token}, data=CLICK, headers=headers)
        assert answer.status_code == 200

    async def test_works_for_many_at_once(
        self, client: httpx2.AsyncClient, services: Services, token: str
    ) -> None:
        answers: list[int] = []

        async def click() -> None:
            answer = await client.post(ADDRESS, params={"token": token}, data=CLICK)
            answers.append(answer.status_code)

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(click)
        assert answers == [200] * 8
        assert await chosen(services) is Delivery.OFF

    @pytest.mark.parametrize("forged", ["x", "gAAAAABrBH86", "é", "{token}A", "{swapped}"])
    async def test_refuses_a_token_that_is_not_ours(
        self, client: httpx2.AsyncClient, services: Services, token: str, forged: str
    ) -> None:
        swapped = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
        forged = forged.format(token=token[:-1], swapped=swapped)
        for method in ("GET", "POST"):
            answer = await client.request(method, ADDRESS, params={"token": forged})
            assert answer.status_code == 404
            assert "none of ours" in answer.text
        assert await chosen(services) is Delivery.INSTANT

    async def test_refuses_what_was_sealed_for_something_else(
        self, client: httpx2.AsyncClient, services: Services
    ) -> None:
        key = services.settings.security.secret_key
        assert isinstance(key, SecretStr)
        sealed = Sealer([key.get_secret_value()]).seal(EMAIL)
        assert (await client.post(ADDRESS, params={"token": sealed})).status_code == 404

    @pytest.mark.parametrize(
        "sent",
        [{}, {"json": []}, {"json": {"token": 1}}, {"data": {"token": "x", "delivery": "hourly"}}],
    )
    async def test_refuses_what_it_cannot_read(
        self, client: httpx2.AsyncClient, sent: dict[str, Any]
    ) -> None:
        assert (await client.post(ADDRESS, **sent)).status_code == 422

    def test_knows_tokens_of_a_key_that_was_replaced(self) -> None:
        old, both = Sealer(["o" * 32], "unsubscribing"), Sealer(
            ["n" * 32, "o" * 32], "unsubscribing"
        )
        assert both.open(old.seal(EMAIL)) == EMAIL


class TestPage:
    async def test_changes_nothing_by_being_opened(
        self, client: httpx2.AsyncClient, services: Services, token: str
    ) -> None:
        answer = await client.get(ADDRESS, params={"token": token})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert await chosen(services) is Delivery.INSTANT

    @pytest.mark.requirement("40")
    async def test_shows_the_address_only_to_who_knows_it(
        self, client: httpx2.AsyncClient, token: str
    ) -> None:
        answer = await client.get(ADDRESS, params={"token": token})
        assert "a…@example.com" in answer.text
        assert "lovelace" not in answer.text + token

    async def test_sends_what_is_chosen_there(
        self, client: httpx2.AsyncClient, services: Services, token: str
    ) -> None:
        shown = (await client.get(ADDRESS, params={"token": token})).text
        action = re.search(r'action="([^"]+)"', shown)
        assert action is not None
        values = re.findall(r'name="delivery" value="(\w+)"', shown)
        assert set(values) == set(Delivery)
        assert f'name="token" value="{token}"' in shown
        answer = await client.post(
            ADDRESS.replace("unsubscribe", action[1]),
            data={"token": token, "delivery": "daily"},
            headers=BROWSER,
        )
        assert answer.status_code == 200
        assert "comes: once a day" in answer.text
        assert await chosen(services) is Delivery.DAILY

    async def test_says_what_is_wrong_as_a_page(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(ADDRESS)
        assert answer.status_code == 422
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
