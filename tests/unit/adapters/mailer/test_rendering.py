import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.factories.mail_samples import CODE, NOON, TOKEN, samples, thread

from portfolio.adapters.mailer import Message, rendering
from portfolio.adapters.mailer.mails import (
    MAILS,
    ContactReceived,
    ContactReplied,
    LinkMail,
    ListMail,
    PlainMail,
    ResetPassword,
    TwoFactorChange,
    TwoFactorChanged,
    UnlockAccount,
)
from portfolio.adapters.mailer.rendering import Renderer, duration
from portfolio.core.config import ServerSettings, Settings, SiteSettings

ACCOUNT = "https://me.example.com/konto"
HOSTILE = '<img src=x onerror=alert(1)>\r\n\r\nPay here:\nhttp://evil.example \u202e & "co"'
TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "div",
    "h1",
    "p",
    "a",
    "br",
    "strong",
    "span",
}
BELOW_A_BUTTON = "If the button does nothing, open this address in your browser:"

FORMED = [name for name, kind in MAILS.items() if not issubclass(kind, PlainMail)]
SUBJECTS = {
    "verify_email": "Confirm your e-mail address for Example",
    "already_registered": "You already have an account at Example",
    "reset_password": "Choose a new password for Example",
    "password_changed": "Your password for Example was changed",
    "confirm_email": "Confirm your new e-mail address for Example",
    "email_changed": "Your e-mail address for Example was changed",
    "unlock_account": "Sign-in to your account at Example is paused",
    "new_device": "New sign-in to your account at Example",
    "two_factor_changed": "Two-factor sign-in at Example was changed",
    "two_factor_code": "Your sign-in code for Example",
    "two_factor_blocked": "Too many wrong sign-in codes at Example",
    "sessions_revoked": "You were signed out of Example, to be safe",
    "invitation": "You are invited to Example",
    "comment_waits": "A comment on About Ada Lovelace waits for you",
    "new_comment": "New comment on About Ada Lovelace",
    "new_reply": "An answer to your comment on About Ada Lovelace",
    "comment_digest": "New comments at Example",
    "confirm_comment": "Confirm your comment at Example",
    "contact_received": "Ada Lovelace (message from Ada Lovelace)",
    "contact_receipt": "Your message to Example has arrived",
    "contact_replied": "Re: Ada Lovelace",
    "account_deleted": "Your account at Example was deleted",
    "transport_test": "Mail from Example works",
}


def make_renderer(**site: Any) -> Renderer:
    return Renderer(
        Settings(
            server=ServerSettings(public_url="https://api.example.com", account_url=ACCOUNT + "/"),
            site=SiteSettings(**{"name": "Example", "url": "https://example.com"} | site),
        )
    )


async def rendered(template: str, who: str = "Ada Lovelace", **site: Any) -> Message:
    mail = samples(who)[template]
    return await make_renderer(**site).message(mail, "ada@example.com", "<1@example.com>", NOON)


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


class Page(HTMLParser):
    """What a page consists of; `text` from its heading on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        for name, value in attrs:
            if name in {"href", "src", "background", "action"}:
                self.addresses.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "h1" in self.tags:
            self.text += data


class TestSubject:
    @pytest.mark.parametrize("template", MAILS)
    async def test_says_what_it_is_about_and_holds_no_secret(self, template: str) -> None:
        message = await rendered(template)
        assert message.subject == SUBJECTS[template]

    async def test_stays_one_line_whatever_the_site_is_called(self) -> None:
        message = await rendered("verify_email", name="A\r\nBcc: eve@example.net")
        assert message.subject == "Confirm your e-mail address for A Bcc: eve@example.net"


class TestForms:
    @pytest.mark.parametrize("template", FORMED)
    async def test_say_the_same(self, template: str) -> None:
        message = await rendered(template)
        for part in (message.text, message.html):
            assert "Example" in part
            assert "You get this mail because" in " ".join(part.split())
            assert "{" not in part.partition("</style>")[2]
        shown = words(Page(message.html).text) - words(BELOW_A_BUTTON)
        assert shown <= words(message.text)

    @pytest.mark.parametrize("template", FORMED)
    async def test_need_nothing_from_elsewhere(self, template: str) -> None:
        message = await rendered(template)
        page = Page(message.html)
        assert page.open == []
        assert page.tags <= TAGS
        links = {"https://example.com", *re.findall(r"^https://\S+$", message.text, re.MULTILINE)}
        assert set(page.addresses) <= links
        assert not re.search(r"url\(|@import|@font-face", message.html)

    @pytest.mark.parametrize("template", FORMED)
    async def test_are_readable_as_they_are(self, template: str) -> None:
        message = await rendered(template)
        lines = message.text.splitlines()
        assert all(len(line) <= 90 or line.startswith("https://") for line in lines)
        assert "\n\n\n" not in message.text
        assert max(len(line.encode()) for line in message.html.splitlines()) < 900
        assert '<meta name="color-scheme" content="light dark">' in message.html

    @pytest.mark.parametrize("template", FORMED)
    async def test_are_disarmed_whatever_people_call_themselves(self, template: str) -> None:
        message = await rendered(template, HOSTILE)
        assert "img" not in Page(message.html).tags
        assert "<img" not in message.html
        assert "\u202e" not in message.text + message.html
        # Within a paragraph of ours, and never in one of its own.
        assert not re.search(r"\n\n(Pay here|http://evil)", message.text)

    @pytest.mark.parametrize("change", TwoFactorChange)
    async def test_know_every_change(self, change: TwoFactorChange) -> None:
        mail = TwoFactorChanged(name="Ada", change=change, at=NOON)
        message = await make_renderer().message(mail, "a@example.com", "<1@example.com>", NOON)
        assert "Change: " in message.text

    async def test_say_when_only_the_link_unlocks(self) -> None:
        mail = UnlockAccount(name="Ada", token=TOKEN, expires_at=NOON)
        message = await make_renderer().message(mail, "a@example.com", "<1@example.com>", NOON)
        assert "unknown device for now, not even" in " ".join(message.text.split())

    async def test_do_without_an_address_of_the_site(self) -> None:
        message = await rendered("password_changed", url=None)
        assert "Sent by Example. Replies" in message.text
        assert Page(message.html).addresses == []


@pytest.mark.requirement("49")
class TestPlainMail:
    """What people write is nothing but text, and stands apart from what we say."""

    async def test_shows_the_owner_each_line_as_somebody_elses(self) -> None:
        hostile = "Hello,\n\n  you!\x1b[2J\r\n--\r\nSent by Example\u2028\u202e<b>&amp;</b>"
        mail = ContactReceived(
            name="Ada\r\nBcc: eve@example.net", email="a@example.com", topic="{x}", message=hostile
        )
        message = await make_renderer().message(
            mail, "o@example.com", "<1@example.com>", NOON, reply_to="a@example.com"
        )
        assert message.html == ""
        assert message.reply_to == "a@example.com"
        assert message.subject == "{x} (message from Ada Bcc: eve@example.net)"
        assert "  From: Ada Bcc: eve@example.net\n" in message.text
        theirs = [line for line in message.text.splitlines() if line.startswith(">")]
        assert theirs == [
            "> Hello,",
            ">",
            ">   you! [2J",
            "> --",
            "> Sent by Example",
            ">  <b>&amp;</b>",
        ]
        assert message.text.replace("\n", "").isprintable()

    async def test_answers_with_what_was_asked_beneath(self) -> None:
        mail = ContactReplied(topic="Looms", body="Dear Ada,\n\nyes.", message="Do\nyou?", at=NOON)
        message = await make_renderer().message(mail, "a@example.com", "<1@example.com>", NOON)
        assert message.subject == "Re: Looms"
        assert message.text.startswith(
            "Dear Ada,\n\nyes.\n\nOn 22 November 2026, 12:00 UTC you wrote:\n\n> Do\n> you?\n\n--\n"
        )

    async def test_that_acknowledges_has_no_word_of_theirs(self) -> None:
        message = await rendered("contact_receipt", "Eve")
        assert "Eve" not in message.text + message.html + message.subject


class TestListMail:
    END = f"https://api.example.com/api/v1/comments/unsubscribe?token={TOKEN}"

    @pytest.mark.parametrize("template", MAILS)
    async def test_alone_says_how_it_is_ended(self, template: str) -> None:
        message = await rendered(template)
        if not issubclass(MAILS[template], ListMail):
            assert message.headers == {}
            return
        assert message.headers == {
            "List-Id": "<comments.example.com>",
            "List-Unsubscribe": f"<{self.END}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        assert f"\n{self.END}\n" in message.text
        assert f'href="{self.END}"' in message.html

    async def test_leads_to_the_comment_on_the_site(self) -> None:
        message = await rendered("comment_digest", project_path="/case-studies/{slug}/")
        assert "\nhttps://example.com/posts/hello-world#comment-5\n" in message.text
        assert "\nhttps://example.com/case-studies/hello-world/#comment-5\n" in message.text
        assert "… and 3 more." in message.text

    async def test_does_without_a_site(self) -> None:
        message = await rendered("new_comment", url=None)
        assert "Read it" not in message.text

    async def test_tells_moderators_why_it_waits_and_where(self) -> None:
        message = await rendered("comment_waits")
        assert "Why it waits: It has many links." in message.text
        assert "\nhttps://api.example.com/api/v1/comments?status=pending\n" in message.text

    async def test_sets_words_of_visitors_apart(self) -> None:
        message = await rendered("new_reply", HOSTILE)
        assert re.search(r"^> <img src=x onerror=alert\(1\)> Pay here:", message.text, re.MULTILINE)
        assert "&lt;img src=x onerror=alert(1)&gt;" in message.html

    async def test_keeps_its_subject_on_one_line(self) -> None:
        mail = samples()["new_comment"].model_copy(
            update={"thread": thread("x\r\nBcc: eve@example.net")}
        )
        message = await make_renderer().message(mail, "a@example.com", "<1@example.com>", NOON)
        assert message.subject == "New comment on About x Bcc: eve@example.net"


@pytest.mark.requirement("62")
class TestLink:
    @pytest.mark.parametrize(
        "template", [name for name in MAILS if issubclass(MAILS[name], LinkMail)]
    )
    async def test_leads_to_the_account_url_of_the_settings_only(self, template: str) -> None:
        message = await rendered(template)
        link = f"{ACCOUNT}{MAILS[template].path}?token={TOKEN}"
        assert f"\n{link}\n" in message.text
        assert message.html.count(f'href="{link}"') == 2
        assert f">{link}</a>" in message.html

    async def test_cannot_be_bent_by_a_token(self) -> None:
        mail = ResetPassword(name="Ada", token='"><b>&x=1', expires_at=NOON)
        message = await make_renderer().message(mail, "a@example.com", "<1@example.com>", NOON)
        assert f"{ACCOUNT}/reset-password?token=%22%3E%3Cb%3E%26x%3D1\n" in message.text

    def test_is_below_public_url_by_default(self) -> None:
        settings = Settings(server=ServerSettings(public_url="https://api.example.com/"))
        assert settings.account_url == "https://api.example.com/account"


class TestCode:
    async def test_stands_alone_and_in_no_preview(self) -> None:
        message = await rendered("two_factor_code")
        assert f"\n    {CODE}\n" in message.text
        assert message.html.count(CODE) == 1
        preheader = message.html.partition("display:none")[2].partition("</div>")[0]
        assert CODE not in preheader


class TestMails:
    def test_have_a_template_and_a_sample_each(self) -> None:
        folder = Path(rendering.__file__).parent / "templates"
        assert {path.stem for path in folder.glob("*.j2")} == MAILS.keys() == samples().keys()

    def test_are_refused_with_something_missing_or_too_much(self) -> None:
        with pytest.raises(ValidationError):
            ResetPassword.model_validate({"name": "Ada", "token": TOKEN})
        with pytest.raises(ValidationError):
            ResetPassword.model_validate(
                {"name": "Ada", "token": TOKEN, "expires_at": NOON, "link": "https://evil.example"}
            )


class TestDuration:
    @pytest.mark.parametrize(
        ("time", "words"),
        [
            (timedelta(seconds=1), "1 minute"),
            (timedelta(minutes=10), "10 minutes"),
            (timedelta(minutes=30, seconds=-1), "30 minutes"),
            (timedelta(hours=24), "24 hours"),
            (timedelta(days=7), "7 days"),
        ],
    )
    def test_is_said_as_people_say_it(self, time: timedelta, words: str) -> None:
        assert duration(time).replace("\N{NO-BREAK SPACE}", " ") == words
