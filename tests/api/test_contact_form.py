"""The contact form as a plain HTML form sends it, without any script."""

import re
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from tests.factories.letters import BROWSER, LETTER, URL, fill_in, inbox, somebody
from tests.factories.waiting_mail import mails

from portfolio.wiring import Services

HOSTILE = "\"><script>alert(1)</script></textarea>'&"
FIELD = re.compile(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"')
TEXT = re.compile(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', re.DOTALL)
WRONG = re.compile(r'<p class="wrong" id="(\w+)-wrong">([^<]+)</p>')
ELSEWHERE = [
    "https://example.com.evil.tld/",
    "https://example.com@evil.tld/",
    "http://example.com/",
    "//evil.tld/",
    "/thanks",
    "https://evil.tld\\@example.com/",
    "https://example.com/\r\nSet-Cookie: a=b",
    "javascript:alert(1)",
]


def typed(page: str) -> dict[str, str]:
    """What stands in the fields of a form."""
    return {name: unescape(value) for name, value in FIELD.findall(page) + TEXT.findall(page)}


class TestForm:
    @pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
    async def test_is_thanked_for_by_a_page(
        self, client: AsyncClient, admin_client: AsyncClient, kind: str
    ) -> None:
        parts = {name: (None, text) for name, text in LETTER.items()}
        sent: dict[str, Any] = {"data": LETTER} if kind == "urlencoded" else {"files": parts}
        answer = await client.post(URL, headers=BROWSER, **sent)
        assert answer.status_code == 202
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "<h1>Thank you</h1>" in answer.text
        assert 'href="https://example.com"' in answer.text
        (kept,) = await inbox(admin_client)
        assert kept["excerpt"] == "Hello! Could we have your slides?"

    async def test_may_leave_empty_what_it_need_not_have(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        answer = await fill_in(client, redirect="", shown_at="", subtitle="")
        assert answer.status_code == 202
        assert [kept["state"] for kept in await inbox(admin_client)] == ["new"]

    async def test_of_a_script_gets_json(self, client: AsyncClient) -> None:
        answer = await fill_in(client, {"Accept": "*/*"})
        assert answer.status_code == 202
        assert answer.json()["detail"]
        wrong = await fill_in(client, {"Accept": "*/*"}, email="ada")
        assert wrong.status_code == 422
        assert wrong.headers["Content-Type"] == "application/problem+json"

    async def test_may_come_from_any_site(self, client: AsyncClient) -> None:
        headers = BROWSER | {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        answer = await fill_in(client, headers)
        assert answer.status_code == 202
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.requirement("49")
class TestRedirect:
    @pytest.mark.parametrize(
        "address", ["https://example.com/thanks?sent=1#top", "https://example.com"]
    )
    async def test_leads_back_to_the_site(
        self, client: AsyncClient, admin_client: AsyncClient, address: str
    ) -> None:
        answer = await fill_in(client, redirect=address)
        assert answer.status_code == 303
        assert answer.headers["Location"] == address
        assert len(await inbox(admin_client)) == 1

    async def test_leads_to_what_the_settings_name_alone(
        self, writing_app: FastAPI, writing: Services
    ) -> None:
        async with somebody(writing_app) as client:
            for address in ("https://example.org/thanks/you", "https://example.net:8443/a/b"):
                assert (await fill_in(client, redirect=address)).headers["Location"] == address
            usual = await fill_in(client, redirect="https://example.com/")
        assert usual.status_code == 422

    async def test_leads_nowhere_else_and_nothing_is_kept(
        self, client: AsyncClient, admin_client: AsyncClient, services: Services
    ) -> None:
        for address in ELSEWHERE:
            answer = await fill_in(client, redirect=address)
            assert answer.status_code == 422, address
            assert "Location" not in answer.headers
            assert "redirect: does not lead to" in answer.text
        script = await fill_in(client, {"Accept": "*/*"}, redirect=ELSEWHERE[0])
        assert [error["field"] for error in script.json()["errors"]] == ["redirect"]
        assert await inbox(admin_client) == []
        assert await mails(services) == []

    async def test_that_leads_elsewhere_costs_no_visitor_their_words(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        page = await fill_in(client, redirect=ELSEWHERE[0])
        again = await client.post(URL, data=typed(page.text), headers=BROWSER)
        assert again.status_code == 202
        assert len(await inbox(admin_client)) == 1


class TestPage:
    async def test_lists_what_is_wrong_and_keeps_what_was_typed(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        text = f"\nDear you,\n\n{HOSTILE}\n"
        page = await fill_in(client, name="", email="ada", message=text, utm="1")
        assert page.status_code == 422
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert {name for name, _ in WRONG.findall(page.text)} == {"name", "email"}
        assert "utm: Extra inputs" in page.text
        found = typed(page.text)
        assert found["message"] == text
        assert found["subject"] == LETTER["subject"]
        corrected = await client.post(
            URL, data=found | {"name": "Ada", "email": "ada@example.com"}, headers=BROWSER
        )
        assert corrected.status_code == 202
        assert (await inbox(admin_client))[0]["excerpt"].startswith("Dear you")

    async def test_runs_nothing_that_was_typed(self, client: AsyncClient) -> None:
        sent = dict.fromkeys(LETTER, HOSTILE) | {"subtitle": HOSTILE, "shown_at": HOSTILE}
        page = await client.post(URL, data=sent | {"redirect": HOSTILE}, headers=BROWSER)
        assert page.status_code == 422
        assert "<script" not in page.text
        assert page.text.count("</textarea>") == 1
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "script-src" not in policy

    async def test_may_be_sent_again_and_lead_on(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        page = await fill_in(client, email="ada", redirect="https://example.com/thanks")
        assert "form-action 'self' https://example.com;" in page.headers["Content-Security-Policy"]
        assert '<form method="post" action="contact">' in page.text
        corrected = typed(page.text) | {"email": "ada@example.com"}
        answer = await client.post(URL, data=corrected, headers=BROWSER)
        assert answer.headers["Location"] == "https://example.com/thanks"

    @pytest.mark.requirement("49")
    async def test_refuses_what_would_get_into_a_header(
        self, client: AsyncClient, admin_client: AsyncClient
    ) -> None:
        for field in ("name", "subject", "email"):
            for end in ("%0d%0a", "%0a", "%0d", "%00", "%E2%80%A8", "%C2%85"):
                others = "&".join(f"{name}=a@example.com" for name in LETTER if name != field)
                body = f"{others}&{field}=a@example.com{end}Bcc:eve@example.net"
                kind = {"Content-Type": "application/x-www-form-urlencoded"}
                answer = await client.post(URL, content=body, headers=kind)
                assert answer.status_code == 422, body
                assert {error["field"] for error in answer.json()["errors"]} == {field}
        assert await inbox(admin_client) == []

    async def test_refuses_a_field_that_comes_twice_and_a_file(self, client: AsyncClient) -> None:
        twice = await fill_in(client, name=["Ada", "Eve"])
        assert twice.status_code == 422
        assert typed(twice.text)["message"] == LETTER["message"]
        file = {"message": ("letter.txt", b"Hello!")}
        answer = await client.post(URL, data=LETTER, files=file, headers=BROWSER)
        assert answer.status_code == 400
        assert "<h1>That did not work</h1>" in answer.text

    @pytest.mark.requirement("17")
    async def test_keeps_a_message_that_came_too_soon(
        self, writing_app: FastAPI, writing: Services
    ) -> None:
        async with somebody(writing_app) as client:
            for number in range(3):
                await fill_in(client, subject=f"{number}")
            page = await fill_in(client, subject="4")
        assert page.status_code == 429
        assert int(page.headers["Retry-After"]) > 0
        assert "Too many requests; try again in" in page.text
        assert typed(page.text)["message"] == LETTER["message"]
