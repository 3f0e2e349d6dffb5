from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from typing import Any

import pytest
from aiosmtplib.email import flatten_message
from tests.factories.mail_servers import make_message


class TestMessage:
    @pytest.mark.parametrize(
        "changes",
        [
            {"to": "ada@example.com\r\nBcc: eve@example.net"},
            {"to": "ada@example.com, eve@example.net"},
            {"to": "Ada <ada@example.com>"},
            {"to": "ada"},
            {"to": "ada@"},
            {"to": "ada@example.com\0"},
            {"to": "ada@exa\u202emple.com"},
            {"to": "ada@exa<mple.com"},
            {"to": "ada@exa\uff1cmple.com"},
            {"reply_to": "ada@example.com\nBcc: eve@example.net"},
            {"subject": "Hello\r\nBcc: eve@example.net"},
            {"subject": "Hello\u2028there"},
            {"message_id": "<1@example.org>\r\nBcc: eve@example.net"},
            {"message_id": "1@example.org"},
            {"headers": {"X-Note": "a\r\nBcc: eve@example.net"}},
            {"headers": {"X-Note: a\r\nBcc": "eve@example.net"}},
        ],
    )
    def test_takes_nothing_that_could_end_a_header(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"e-mail|header|Message-ID|maximum"):
            make_message(**changes)

    @pytest.mark.parametrize("name", ["to", "From", "Subject", "Message-ID"])
    def test_has_each_header_once(self, sender: Address, name: str) -> None:
        with pytest.raises(ValueError, match=r"e-mail|header|Message-ID|maximum"):
            make_message(headers={name: "eve@example.net"}).as_email(sender)

    def test_takes_domains_of_all_scripts(self) -> None:
        message = make_message(to="ada@हिन्दी.example")
        assert message.recipient.domain == "xn--j2bd4cyah0f.example"


class TestAsEmail:
    def test_says_that_nobody_wrote_it(self, sender: Address) -> None:
        assert make_message().as_email(sender)["Auto-Submitted"] == "auto-generated"

    def test_reads_back_as_it_was_written(self, sender: Address) -> None:
        message = make_message(
            subject="Ein sehr langer Betreff mit Umlauten, äöü" * 4,
            text="Zeile ä\nhttps://example.com/?token=abc=\n",
            html="<p>ä</p>\n" + "x" * 2000 + "\n",
            message_id=f"<1@{'long.' * 30}example.org>",
            reply_to="bob@example.com",
            headers={"List-Unsubscribe": "<https://example.com/u>"},
        )
        raw = message.as_email(sender).as_bytes()
        assert max(map(len, raw.split(b"\r\n"))) < 998
        email = message_from_bytes(raw, policy=default)
        text, html = email.iter_parts()
        assert email["Subject"] == message.subject
        assert email["Message-ID"] == message.message_id
        assert email["Reply-To"] == "bob@example.com"
        assert email["List-Unsubscribe"] == "<https://example.com/u>"
        assert text.get_content().replace("\r\n", "\n") == message.text
        assert html.get_content().replace("\r\n", "\n") == message.html

    def test_is_plain_text_alone_where_there_is_no_more(self, sender: Address) -> None:
        raw = make_message(text="Hello ä\n", html="").as_email(sender).as_bytes()
        email = message_from_bytes(raw, policy=default)
        assert email.get_content_type() == "text/plain"
        assert email.get_content() == "Hello ä\r\n"

    def test_leaves_the_address_that_ends_mail_in_one_piece(self, sender: Address) -> None:
        # Some mail programs decode no encoded words there.
        address = f"<https://example.com/unsubscribe?token={'a' * 400}>"
        email = make_message(headers={"List-Unsubscribe": address}).as_email(sender)
        # As the library sends it, which folds headers its own way.
        for raw in (email.as_bytes(), flatten_message(email)):
            assert f"\r\nList-Unsubscribe: {address}\r\n".encode() in raw

    def test_leaves_links_in_one_piece(self, sender: Address) -> None:
        link = f"https://example.com/reset-password?token={'a' * 90}"
        assert link.encode() in make_message(text=f"Öffne\n{link}\n").as_email(sender).as_bytes()
