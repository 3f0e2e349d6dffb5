"""Mail by way of the outbox: what waits, what is sent, and what becomes of it."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from email.headerregistry import Address
from pathlib import Path
from typing import Any

import anyio
import pytest
import time_machine
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text
from structlog.typing import EventDict
from tests.factories.jobs import jobs, outbox, rows
from tests.factories.lines import captured
from tests.factories.mail_servers import HOST, Mailbox, mail_server

from portfolio.adapters.mailer.mails import PasswordChanged, ResetPassword
from portfolio.adapters.mailer.rendering import Renderer
from portfolio.adapters.mailer.smtp import SmtpMailer
from portfolio.core.clock import utc_now
from portfolio.core.config import Settings
from portfolio.core.config.mail import SmtpServer
from portfolio.core.errors import ConflictException, UnavailableException
from portfolio.core.sealing import Sealer
from portfolio.db.session import Database
from portfolio.services import mail as mail_service
from portfolio.services.mail import MAIL_RETRY, SEND_MAIL, MailService
from portfolio.services.outbox import OutboxService, OutboxWorker

TOKEN = "a-token-that-nobody-may-read"
SENDER = Address("Example", "no-reply", "example.org")
MINUTE = timedelta(minutes=1)
WORK = """
import asyncio

from portfolio.core import environment
from portfolio.wiring import build_services

asyncio.run(build_services(environment.load()).outbox.run_due())
"""


def make_reset(life: timedelta = timedelta(minutes=30)) -> ResetPassword:
    return ResetPassword(name="Ada", token=TOKEN, expires_at=utc_now() + life)


async def send(
    database: Database, mail: MailService, life: timedelta = timedelta(minutes=30)
) -> None:
    async with database.transaction() as db:
        await mail.send(db, "ada@example.com", make_reset(life))


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    with captured() as found:
        yield found


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def port(mailbox: Mailbox) -> AsyncIterator[int]:
    async with mail_server(mailbox) as number:
        yield number


@pytest.fixture
def mail(settings: Settings, port: int) -> MailService:
    """Sends to a server that is there."""
    return make_service(settings, port)


@pytest.fixture
def post_office(here: Database, mail: MailService) -> OutboxWorker:
    return make_worker(here, mail)


def make_service(settings: Settings, port: int) -> MailService:
    mailer = SmtpMailer(SmtpServer.parse(f"smtp://{HOST}:{port}"), SENDER)
    return MailService(outbox, mailer, Renderer(settings), SENDER.domain)


def make_worker(database: Database, mail: MailService) -> OutboxWorker:
    worker = OutboxWorker(database, jobs)
    worker.register(SEND_MAIL, mail.deliver, MAIL_RETRY)
    return worker


class TestSend:
    async def test_goes_out_after_the_commit(
        self, database: Database, mail: MailService, post_office: OutboxWorker, mailbox: Mailbox
    ) -> None:
        await send(database, mail)
        assert mailbox.mails == []
        assert await post_office.run_due() == 1
        (sent,) = mailbox.mails
        assert sent["To"] == "ada@example.com"
        assert sent["Message-ID"].endswith("@example.org>")
        assert f"http://test/account/reset-password?token={TOKEN}" in sent.as_string()

    @pytest.mark.requirement("87")
    async def test_leaves_nothing_of_a_transaction_that_fails(
        self, database: Database, mail: MailService, post_office: OutboxWorker, mailbox: Mailbox
    ) -> None:
        async def fail() -> None:
            async with database.transaction() as db:
                await mail.send(db, "ada@example.com", make_reset())
                raise ConflictException

        with pytest.raises(ConflictException):
            await fail()
        assert await post_office.run_due() == 0
        assert mailbox.mails == []

    @pytest.mark.requirement("79")
    async def test_leaves_nothing_readable_in_the_database_or_the_log(
        self,
        database: Database,
        mail: MailService,
        post_office: OutboxWorker,
        lines: list[EventDict],
    ) -> None:
        await send(database, mail)
        async with database.reading() as db:
            (row,) = (await db.execute(text("SELECT * FROM outbox_jobs"))).all()
        assert not any(word in str(row) for word in (TOKEN, "ada@example.com", "Ada", "account"))
        await post_office.run_due()
        assert [line["event"] for line in lines] == ["mail.sent"]
        assert TOKEN not in str(lines)

    async def test_is_forgotten_once_it_is_done(
        self, database: Database, mail: MailService, post_office: OutboxWorker
    ) -> None:
        await send(database, mail)
        await post_office.run_due()
        (row,) = await rows(database)
        assert row.finished_at is not None
        assert (row.topic, row.attempts, row.payload) == (SEND_MAIL, 1, {})


class TestDeliver:
    async def test_waits_for_a_process_that_has_the_key(
        self, database: Database, here: Database, settings: Settings, port: int, mailbox: Mailbox
    ) -> None:
        mailer = SmtpMailer(SmtpServer.parse(f"smtp://{HOST}:{port}"), SENDER)
        renderer = Renderer(settings)
        old, new, both = (
            MailService(OutboxService(jobs, Sealer(keys)), mailer, renderer, SENDER.domain)
            for keys in (["old" * 12], ["new" * 12], ["new" * 12, "old" * 12])
        )
        await send(database, old)
        await make_worker(here, new).run_due()
        assert (await rows(database))[0].finished_at is None
        with time_machine.travel(utc_now() + MINUTE):
            await make_worker(here, both).run_due()
        assert len(mailbox.mails) == 1

    async def test_gives_up_what_has_no_address(
        self, database: Database, mail: MailService, post_office: OutboxWorker
    ) -> None:
        async with database.transaction() as db:
            await mail.send(db, "ada@example.com\nBcc: eve@example.net", make_reset())
        await post_office.run_due()
        (row,) = await rows(database)
        assert row.last_error == "HopelessError: This is no e-mail address"


class TestExpiry:
    async def test_drops_a_mail_whose_link_is_dead(
        self,
        database: Database,
        mail: MailService,
        post_office: OutboxWorker,
        mailbox: Mailbox,
        lines: list[EventDict],
    ) -> None:
        await send(database, mail)
        with time_machine.travel(utc_now() + 31 * MINUTE):
            await post_office.run_due()
        assert mailbox.mails == []
        assert [line["event"] for line in lines] == ["mail.expired"]
        (row,) = await rows(database)
        assert (row.failed_at, row.payload) == (None, {})

    async def test_does_not_concern_mails_that_only_tell(
        self, database: Database, mail: MailService, post_office: OutboxWorker, mailbox: Mailbox
    ) -> None:
        async with database.transaction() as db:
            notice = PasswordChanged(name="Ada", at=utc_now())
            await mail.send(db, "ada@example.com", notice)
        with time_machine.travel(utc_now() + 2000 * MINUTE):
            await post_office.run_due()
        assert len(mailbox.mails) == 1


class TestRefusal:
    async def test_ends_it_at_once(
        self,
        database: Database,
        mail: MailService,
        post_office: OutboxWorker,
        mailbox: Mailbox,
        lines: list[EventDict],
    ) -> None:
        mailbox.to_rcpt = ["550 5.1.1 No such user here"]
        await send(database, mail)
        await post_office.run_due()
        (row,) = await rows(database)
        assert row.failed_at is not None
        assert row.last_error == "HopelessError: 550 5.1.1 No such user here"
        refused, given_up = lines
        assert (refused["event"], refused["template"]) == ("mail.refused", "reset_password")
        assert refused["reason"] == "550 5.1.1 No such user here"
        assert given_up["event"] == "job.given_up"


@pytest.mark.requirement("87")
class TestOutage:
    async def test_delays_mail_by_less_than_a_minute_after_its_end(
        self, database: Database, here: Database, settings: Settings, mailbox: Mailbox
    ) -> None:
        async with mail_server(mailbox) as port:
            pass
        mail = make_service(settings, port)
        worker = make_worker(here, mail)
        with time_machine.travel(utc_now(), tick=False) as clock:
            await send(database, mail, timedelta(hours=2))
            for _ in range(120):
                await worker.run_due()
                clock.shift(timedelta(seconds=5))
            (row,) = await rows(database)
            assert row.attempts > 15
            assert row.last_error is not None
            assert f"{HOST}:{port}" in row.last_error
            async with mail_server(mailbox, port=port):
                for _ in range(11):
                    await worker.run_due()
                    clock.shift(timedelta(seconds=5))
        assert len(mailbox.mails) == 1

    def test_is_waited_for_about_two_days(self) -> None:
        pauses = [MAIL_RETRY.delay(attempts) for attempts in range(1, MAIL_RETRY.attempts)]
        total = timedelta(seconds=sum(pause or 0 for pause in pauses))
        assert timedelta(hours=46) < total < timedelta(hours=50)

    async def test_holds_up_no_other_job_for_long(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried: list[object] = []

        class Hanging:
            place = "a server that hangs"

            async def send(self, message: object) -> None:
                tried.append(message)
                raise UnavailableException("no answer")

        monkeypatch.setattr(mail_service, "_HANGS", 0)
        mail = MailService(outbox, Hanging(), Renderer(settings), "example.org")
        letter = mail_service._Letter(
            template="transport_test",
            to="ada@example.com",
            message_id="<1@example.org>",
            asked_at=utc_now(),
            content={},
        )
        payload = {"sealed": Sealer(["k" * 32]).seal(letter.model_dump_json())}
        with pytest.raises(UnavailableException, match="no answer"):
            await mail.deliver(payload)
        with pytest.raises(UnavailableException, match="did not answer a moment ago"):
            await mail.deliver(payload)
        assert len(tried) == 1


class Killer(Mailbox):
    """Takes a mail and kills its sender before saying so."""

    victim: int

    async def handle_DATA(  # noqa: N802 - as the server's library calls it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        os.kill(self.victim, signal.SIGKILL)
        return answer


@pytest.mark.requirement("87")
class TestCrash:
    async def test_between_sending_and_noting_it_sends_once_more_under_the_same_message_id(
        self, database: Database, here: Database, settings: Settings, tmp_path: Path
    ) -> None:
        mailbox = Killer()
        async with mail_server(mailbox) as port:
            mail = make_service(settings, port)
            await send(database, mail)
            with subprocess.Popen(  # noqa: ASYNC220, S603 - ours; it waits for nothing but us
                [sys.executable, "-c", WORK], env=surroundings(settings, port, tmp_path)
            ) as process:
                mailbox.victim = process.pid
                assert await anyio.to_thread.run_sync(process.wait) == -signal.SIGKILL
            (row,) = await rows(database)
            assert (row.attempts, row.finished_at) == (1, None)
        calm = Mailbox()
        async with mail_server(calm, port=port):
            with time_machine.travel(utc_now() + MINUTE):
                assert await make_worker(here, mail).run_due() == 1
        (first,), (second,) = mailbox.mails, calm.mails
        assert first["Message-ID"] == second["Message-ID"]
        bodies = ([part.get_content() for part in email.iter_parts()] for email in (first, second))
        assert next(bodies) == next(bodies)
        assert (await rows(database))[0].finished_at is not None


def surroundings(settings: Settings, port: int, folder: Path) -> dict[str, Any]:
    return {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "test",
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(folder),
        "SECRET_KEY": "k" * 32,
        "PASSWORD_PEPPER": "p" * 32,
        "PUBLIC_URL": "http://test",
        "SITE_NAME": settings.site.name,
        "SITE_URL": str(settings.site.url),
        "SMTP_URL": f"smtp://{HOST}:{port}",
        "MAIL_FROM": "no-reply@example.org",
        "LOG_LEVEL": "error",
    }
