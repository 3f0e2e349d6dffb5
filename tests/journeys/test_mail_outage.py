"""Mail that has to leave while its server is away, or while our own process dies."""

import asyncio
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.factories.back_doors import let_leases_run_out
from tests.factories.mail_servers import Mailbox
from tests.factories.post_offices import PostOffice
from tests.factories.visitors import Visitor
from tests.journeys.conftest import Serve

pytestmark = pytest.mark.requirement("87")
SENDER = "no-reply@folio.example"
# Ten times what is promised: nobody waited for the mail server, which would take longer.
AT_ONCE = timedelta(seconds=5)


class SlowMailbox(Mailbox):
    """Takes a mail, and says so only once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.taken, self.may_answer = asyncio.Event(), asyncio.Event()

    async def handle_DATA(  # noqa: N802 - as the server's library calls it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        said = await super().handle_DATA(server, session, envelope)
        self.taken.set()
        await self.may_answer.wait()
        return said


@pytest.mark.requirement("34")
async def test_nobody_notices_that_the_mail_server_is_away(
    serve: Serve, post_office: PostOffice
) -> None:
    server = await serve(SMTP_URL=post_office.url, MAIL_FROM=SENDER)
    await post_office.close()
    async with server.client() as client:
        ada = Visitor(client, letters=post_office)
        body = {"email": ada.email, "username": ada.name, "password": ada.password}
        registered = await client.post("/api/v1/auth/register", json=body)
        known, unknown = [
            await client.post("/api/v1/auth/password/forgot", json={"email": email})
            for email in (ada.email, "nobody@example.com")
        ]
        for answer in (registered, known, unknown):
            assert answer.status_code == 202
            assert answer.elapsed < AT_ONCE
        assert known.json() == unknown.json()
        await server.says("job.failed")
        assert post_office.mailbox.mails == []

        await post_office.open()
        # Each within a minute, which letter() waits for.
        await ada.verify()
        await ada.letter("Choose a new password")
        await ada.log_in()


@pytest.mark.requirement("89")
async def test_a_mail_whose_process_died_comes_twice_at_most(
    serve: Serve, database_url: str
) -> None:
    mailbox = SlowMailbox()
    post_office = PostOffice(mailbox)
    await post_office.open()
    server = await serve(SMTP_URL=post_office.url, MAIL_FROM=SENDER)
    async with server.client() as client:
        ada = Visitor(client, letters=post_office)
        await ada.register()
    async with asyncio.timeout(60):
        await mailbox.taken.wait()
    server.kill()
    mailbox.may_answer.set()

    await let_leases_run_out(database_url)
    begun = len(server.output())
    await server.start()
    await server.says("mail.sent", begun)
    async with server.client() as client:
        ada.client = client
        await ada.verify()
        await ada.log_in()
    await server.stop()
    await post_office.close()
    assert len(mailbox.mails) == 2
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1
