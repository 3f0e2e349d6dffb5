from pathlib import Path

import pytest

from portfolio.core import environment
from portfolio.core.config.mail import MailSettings, SmtpServer, address_of
from portfolio.core.environment import SettingsError

SMTP = "smtp://portfolio:open-sesame@mail.example.com"
AZURE = "endpoint=https://example.communication.azure.com/;accesskey=b3Blbi1zZXNhbWU="


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


def lines(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        environment.load()
    return caught.value.lines


class TestSmtpUrl:
    @pytest.mark.parametrize(
        ("url", "host", "port", "tls", "start_tls"),
        [
            ("smtp://mail.example.com", "mail.example.com", 587, False, "offered"),
            ("smtp://mail.example.com:25/", "mail.example.com", 25, False, "offered"),
            ("smtp://[::1]:1025", "::1", 1025, False, "offered"),
            ("smtps://mail.example.com", "mail.example.com", 465, True, "offered"),
            (
                "smtp://mail.example.com?starttls=required",
                "mail.example.com",
                587,
                False,
                "required",
            ),
            ("smtp://mail.example.com?starttls=never", "mail.example.com", 587, False, "never"),
        ],
    )
    def test_names_the_server(
        self, url: str, host: str, port: int, tls: bool, start_tls: str
    ) -> None:
        server = SmtpServer.parse(url)
        assert (server.host, server.port, server.tls, server.start_tls) == (
            host,
            port,
            tls,
            start_tls,
        )

    def test_has_a_password_with_any_signs(self) -> None:
        server = SmtpServer.parse("smtp://ada%40example.com:a%2Fb%40c@mail.example.com")
        assert (server.username, server.password) == ("ada@example.com", "a/b@c")

    def test_gives_no_password_away_without_encryption(self) -> None:
        assert SmtpServer.parse("smtp://ada:pw@mail.example.com").start_tls == "required"
        assert SmtpServer.parse("smtp://ada:pw@127.0.0.1:1025").start_tls == "offered"
        assert SmtpServer.parse("smtp://ada:pw@mail?starttls=never").start_tls == "never"

    @pytest.mark.parametrize(
        "url",
        [
            "mail.example.com:587",
            "http://ada:open-sesame@mail.example.com",
            "smtp://",
            "smtp://ada:open-sesame@mail.example.com/inbox",
            "smtp://ada:open-sesame@mail.example.com:99999",
            "smtp://ada:open-sesame@mail.example.com?starttls=maybe",
            "smtps://ada:open-sesame@mail.example.com?starttls=required",
            "smtp://ada:open-sesame@mail.example.com?tls=1",
            "smtp://ada:open-sesame@mail.example.com?",
        ],
    )
    def test_is_refused_in_one_line_without_its_password(
        self, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> None:
        if url.endswith("?"):
            assert SmtpServer.parse(url).host == "mail.example.com"
            return
        (line,) = lines(monkeypatch, SMTP_URL=url, MAIL_FROM="a@example.com")
        assert line.startswith("SMTP_URL: ")
        assert "sesame" not in line


class TestAzure:
    @pytest.mark.parametrize(
        "text",
        [
            "x",
            "endpoint=http://example.com/;accesskey=a",
            "endpoint=https://example.com/",
            AZURE[9:],
        ],
    )
    def test_is_refused_where_something_is_missing(
        self, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        (line,) = lines(
            monkeypatch, AZURE_COMMUNICATION_CONNECTION_STRING=text, MAIL_FROM="a@example.com"
        )
        assert line.startswith("AZURE_COMMUNICATION_CONNECTION_STRING: ")


class TestSender:
    @pytest.mark.parametrize(
        ("text", "name", "address"),
        [
            ("mail@example.com", "", "mail@example.com"),
            ("Ada Lovelace <mail@example.com>", "Ada Lovelace", "mail@example.com"),
            ('"Lovelace, Inc." <mail@example.com>', "Lovelace, Inc.", "mail@example.com"),
            ("Ada <mail@münchen.example>", "Ada", "mail@xn--mnchen-3ya.example"),
        ],
    )
    def test_is_an_address_with_or_without_a_name(self, text: str, name: str, address: str) -> None:
        found = address_of(text)
        assert (found.display_name, found.addr_spec) == (name, address)

    @pytest.mark.parametrize(
        "text",
        [
            "ada",
            "ada@",
            "<>",
            "a@example.com, b@example.com",
            "Lovelace, Inc. <mail@example.com>",
            "Ada\r\nBcc: b@example.com <mail@example.com>",
            "=?utf-8?q?A=0ABcc:_b?= <mail@example.com>",
            "a b@example.com",
        ],
    )
    def test_is_refused_in_one_line(self, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        (line,) = lines(monkeypatch, MAIL_FROM=text)
        assert line == "MAIL_FROM: write it as address or name <address>"


class TestMailSettings:
    def test_are_not_configured_by_default(self) -> None:
        assert not MailSettings().configured

    @pytest.mark.parametrize(
        ("name", "value"), [("SMTP_URL", SMTP), ("AZURE_COMMUNICATION_CONNECTION_STRING", AZURE)]
    )
    def test_need_a_sender(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
        (line,) = lines(monkeypatch, **{name: value})
        assert line.startswith("MAIL_FROM: must be set")
        monkeypatch.setenv("MAIL_FROM", "Ada <mail@example.com>")
        assert environment.load().mail.configured

    def test_take_one_way_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (line,) = lines(
            monkeypatch,
            SMTP_URL=SMTP,
            AZURE_COMMUNICATION_CONNECTION_STRING=AZURE,
            MAIL_FROM="mail@example.com",
        )
        assert line.startswith("SMTP_URL: cannot be set together with")
