import ssl
from email.headerregistry import Address

import pytest
from tests.factories.mail_servers import Azure, azure_server, make_message

from portfolio.adapters.mailer import MailRefusedError
from portfolio.adapters.mailer.azure import AzureMailer
from portfolio.core.errors import UnavailableException

pytest.importorskip("azure.communication.email", reason="the extra `azure` is not installed")


def mailer_to(connection: str, sender: Address, authority: str) -> AzureMailer:
    return AzureMailer(connection, sender, connection_verify=authority, polling_interval=0)


class TestSend:
    async def test_hands_over_both_forms_under_our_message_id(
        self, azure: Azure, sender: Address, server_tls: ssl.SSLContext, authority_file: str
    ) -> None:
        async with azure_server(azure, server_tls) as connection:
            await mailer_to(connection, sender, authority_file).send(
                make_message(reply_to="bob@example.com", headers={"X-Test": "1"})
            )
        (post,) = azure.posts
        assert post["senderAddress"] == "no-reply@example.org"
        assert post["recipients"] == {"to": [{"address": "ada@example.com"}]}
        assert post["content"] == {
            "subject": "Grüße",
            "plainText": "Hello\n",
            "html": "<p>Hello</p>\n",
        }
        assert post["headers"]["Message-ID"] == "<1f0c@example.org>"
        assert post["headers"]["X-Test"] == "1"
        assert post["replyTo"] == [{"address": "bob@example.com"}]
        assert azure.headers[0]["authorization"].startswith("HMAC-SHA256 ")

    async def test_waits_for_the_outcome(
        self, azure: Azure, sender: Address, server_tls: ssl.SSLContext, authority_file: str
    ) -> None:
        azure.outcomes = [{"id": "1", "status": "Running"}, {"id": "1", "status": "Succeeded"}]
        async with azure_server(azure, server_tls) as connection:
            await mailer_to(connection, sender, authority_file).send(make_message())
        assert azure.polls == 2

    async def test_names_a_repeated_mail_alike(
        self, azure: Azure, sender: Address, server_tls: ssl.SSLContext, authority_file: str
    ) -> None:
        async with azure_server(azure, server_tls) as connection:
            mailer = mailer_to(connection, sender, authority_file)
            await mailer.send(make_message())
            await mailer.send(make_message())
            await mailer.send(make_message(message_id="<other@example.org>"))
        first, again, other = [headers["operation-id"] for headers in azure.headers]
        assert first == again != other

    async def test_takes_a_conflict_for_what_it_is(
        self, azure: Azure, sender: Address, server_tls: ssl.SSLContext, authority_file: str
    ) -> None:
        azure.statuses = [409]
        async with azure_server(azure, server_tls) as connection:
            await mailer_to(connection, sender, authority_file).send(make_message())
        assert len(azure.posts) == 1


class TestRefusal:
    async def test_is_final_for_what_is_malformed(
        self, azure: Azure, sender: Address, server_tls: ssl.SSLContext, authority_file: str
    ) -> None:
        azure.statuses = [400]
        async with azure_server(azure, server_tls) as connection:
            with pytest.raises(MailRefusedError, match="as the test wants it"):
                await mailer_to(connection, sender, authority_file).send(make_message())

    async def test_is_final_for_what_azure_could_not_deliver(
        self, azure: Azure, sender: Address, server_tls: ssl.SSLContext, authority_file: str
    ) -> None:
        azure.outcomes = [
            {"id": "1", "status": "Failed", "error": {"code": "EmailDropped", "message": "No"}}
        ]
        async with azure_server(azure, server_tls) as connection:
            with pytest.raises(MailRefusedError, match="EmailDropped"):
                await mailer_to(connection, sender, authority_file).send(make_message())

    @pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
    async def test_may_pass(
        self,
        azure: Azure,
        sender: Address,
        server_tls: ssl.SSLContext,
        authority_file: str,
        status: int,
    ) -> None:
        azure.statuses = [status]
        async with azure_server(azure, server_tls) as connection:
            with pytest.raises(UnavailableException):
                await mailer_to(connection, sender, authority_file).send(make_message())
        assert len(azure.posts) == 1


class TestSilence:
    async def test_may_pass(
        self, azure: Azure, sender: Address, server_tls: ssl.SSLContext, authority_file: str
    ) -> None:
        async with azure_server(azure, server_tls) as connection:
            pass
        with pytest.raises(UnavailableException):
            await mailer_to(connection, sender, authority_file).send(make_message())

    async def test_is_kept_with_a_certificate_that_nobody_vouches_for(
        self, azure: Azure, sender: Address, server_tls: ssl.SSLContext
    ) -> None:
        async with azure_server(azure, server_tls) as connection:
            with pytest.raises(UnavailableException, match=r"(?i)certificate"):
                await AzureMailer(connection, sender).send(make_message())
        assert azure.posts == []
