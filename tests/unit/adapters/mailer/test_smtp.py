import asyncio
import ssl
from email.headerregistry import Address
from urllib.parse import quote

import pytest
from tests.factories.mail_servers import (
    HOST,
    PASSWORD,
    USER,
    Mailbox,
    mail_server,
    make_message,
)

from portfolio.adapters.mailer import MailRefusedError
from portfolio.adapters.mailer.smtp import SmtpMailer
from portfolio.core.config.mail import SmtpServer
from portfolio.core.errors import UnavailableException

LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"


def mailer_to(url: str, sender: Address, tls: ssl.SSLContext | None = None) -> SmtpMailer:
    return SmtpMailer(SmtpServer.parse(url), sender, tls=tls)


class TestSend:
    async def test_hands_both_forms_to_the_server(self, mailbox: Mailbox, sender: Address) -> None:
        async with mail_server(mailbox) as port:
            await mailer_to(f"smtp://{HOST}:{port}", sender).send(make_message())
        (mail,) = mailbox.mails
        assert mailbox.recipients == ["ada@example.com"]
        assert mailbox.senders == ["no-reply@example.org"]
        assert (mail["From"], mail["To"]) == ("Example <no-reply@example.org>", "ada@example.com")
        assert mail["Subject"] == "Grüße"
        assert mail["Message-ID"] == "<1f0c@example.org>"
        kinds = [part.get_content_type() for part in mail.iter_parts()]
        assert kinds == ["text/plain", "text/html"]

    async def test_signs_in(self, mailbox: Mailbox, sender: Address) -> None:
        async with mail_server(mailbox) as port:
            await mailer_to(f"smtp://{LOGIN}{HOST}:{port}", sender).send(make_message())
        assert mailbox.users == [True]

    async def test_writes_the_domain_of_the_recipient_in_ascii(
        self, mailbox: Mailbox, sender: Address
    ) -> None:
        async with mail_server(mailbox) as port:
            mailer = mailer_to(f"smtp://{HOST}:{port}", sender)
            await mailer.send(make_message(to="ada@münchen.example"))
        assert mailbox.recipients == ["ada@xn--mnchen-3ya.example"]


class TestEncryption:
    async def test_is_used_where_it_is_offered(
        self,
        mailbox: Mailbox,
        sender: Address,
        server_tls: ssl.SSLContext,
        trusting: ssl.SSLContext,
    ) -> None:
        async with mail_server(mailbox, start_tls=server_tls) as port:
            await mailer_to(f"smtp://{LOGIN}{HOST}:{port}", sender, trusting).send(make_message())
        assert mailbox.encrypted == [True]
        assert mailbox.users == [True]

    async def test_can_begin_with_the_first_byte(
        self,
        mailbox: Mailbox,
        sender: Address,
        server_tls: ssl.SSLContext,
        trusting: ssl.SSLContext,
    ) -> None:
        async with mail_server(mailbox, tls=server_tls) as port:
            await mailer_to(f"smtps://{HOST}:{port}", sender, trusting).send(make_message())
        assert len(mailbox.mails) == 1

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    async def test_is_refused_with_a_certificate_that_nobody_vouches_for(
        self, mailbox: Mailbox, sender: Address, server_tls: ssl.SSLContext, scheme: str
    ) -> None:
        tls = server_tls if scheme == "smtps" else None
        async with mail_server(mailbox, start_tls=server_tls, tls=tls) as port:
            with pytest.raises(UnavailableException, match=r"(?i)certificate"):
                await mailer_to(f"{scheme}://{HOST}:{port}", sender).send(make_message())
        assert mailbox.mails == []

    async def test_can_be_required(self, mailbox: Mailbox, sender: Address) -> None:
        async with mail_server(mailbox) as port:
            url = f"smtp://{LOGIN}{HOST}:{port}?starttls=required"
            with pytest.raises(UnavailableException):
                await mailer_to(url, sender).send(make_message())
        assert mailbox.mails == []

    async def test_can_be_done_without(
        self, mailbox: Mailbox, sender: Address, server_tls: ssl.SSLContext
    ) -> None:
        async with mail_server(mailbox, start_tls=server_tls) as port:
            url = f"smtp://{HOST}:{port}?starttls=never"
            await mailer_to(url, sender).send(make_message())
        assert mailbox.encrypted == [False]


class TestRefusal:
    async def test_of_a_recipient_is_final(self, mailbox: Mailbox, sender: Address) -> None:
        mailbox.to_rcpt = ["550 5.1.1 No such user here"]
        async with mail_server(mailbox) as port:
            with pytest.raises(MailRefusedError, match=r"550 5\.1\.1 No such user here"):
                await mailer_to(f"smtp://{HOST}:{port}", sender).send(make_message())

    async def test_of_content_is_final(self, mailbox: Mailbox, sender: Address) -> None:
        mailbox.to_data = ["554 5.7.1 This looks like spam"]
        async with mail_server(mailbox) as port:
            with pytest.raises(MailRefusedError, match="554"):
                await mailer_to(f"smtp://{HOST}:{port}", sender).send(make_message())

    @pytest.mark.parametrize("answer", ["450 4.2.1 Try later", "530 5.7.0 Sign in first"])
    async def test_may_pass(self, mailbox: Mailbox, sender: Address, answer: str) -> None:
        mailbox.to_rcpt = [answer]
        async with mail_server(mailbox) as port:
            mailer = mailer_to(f"smtp://{HOST}:{port}", sender)
            with pytest.raises(UnavailableException, match=answer[:3]):
                await mailer.send(make_message())
            await mailer.send(make_message())
        assert len(mailbox.mails) == 1

    async def test_of_the_password_lets_the_mail_wait_and_names_no_password(
        self, mailbox: Mailbox, sender: Address
    ) -> None:
        async with mail_server(mailbox) as port:
            url = f"smtp://{USER}:wrong-one@{HOST}:{port}"
            with pytest.raises(UnavailableException, match="535") as caught:
                await mailer_to(url, sender).send(make_message())
        assert "wrong-one" not in caught.value.detail

    async def test_of_an_address_that_the_server_cannot_write_is_final(
        self, mailbox: Mailbox, sender: Address
    ) -> None:
        async with mail_server(mailbox) as port:
            with pytest.raises(MailRefusedError):
                await mailer_to(f"smtp://{HOST}:{port}", sender).send(
                    make_message(to="ü@b.example")
                )


class TestSilence:
    async def test_of_a_server_that_is_down_may_pass(
        self, mailbox: Mailbox, sender: Address
    ) -> None:
        async with mail_server(mailbox) as port:
            pass
        mailer = mailer_to(f"smtp://{HOST}:{port}", sender)
        with pytest.raises(UnavailableException, match=f"{HOST}:{port}"):
            await mailer.send(make_message())
        async with mail_server(mailbox, port=port):
            await mailer.send(make_message())
        assert len(mailbox.mails) == 1

    async def test_ends_after_a_while(self, sender: Address) -> None:
        left = asyncio.Event()

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            await writer.wait_closed()
            left.set()

        async with await asyncio.start_server(say_nothing, HOST, 0) as server:
            port = server.sockets[0].getsockname()[1]
            mailer = SmtpMailer(SmtpServer.parse(f"smtp://{HOST}:{port}"), sender, timeout=0.05)
            with pytest.raises(UnavailableException, match=r"no answer|[Tt]imed out"):
                await mailer.send(make_message())
            await asyncio.wait_for(left.wait(), 10)
