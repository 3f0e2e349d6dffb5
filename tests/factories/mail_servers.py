"""A mail server and Azure's address for mail, each on a free port of this machine."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from portfolio.adapters.mailer import Message

HOST = "127.0.0.1"
USER, PASSWORD = "portfolio", "open sesame/@:"


def make_message(**changes: Any) -> Message:
    given = {
        "to": "ada@example.com",
        "subject": "Grüße",
        "text": "Hello\n",
        "html": "<p>Hello</p>\n",
        "message_id": "<1f0c@example.org>",
    }
    return Message(**given | changes)


@dataclass
class Mailbox:
    """What a server took; `answers` are given before it takes anything, first to RCPT or DATA."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    senders: list[str | None] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[bool] = field(default_factory=list)
    to_rcpt: list[str] = field(default_factory=list)
    to_data: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - as the server's library calls it
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.to_rcpt:
            return self.to_rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as the server's library calls it
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.to_data:
            return self.to_data.pop(0)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.recipients += envelope.rcpt_tos
        self.senders.append(envelope.mail_from)
        self.encrypted.append(session.ssl is not None)
        self.users.append(bool(session.authenticated))
        return "250 OK"


def _authenticate(*given: Any) -> AuthResult:
    login = given[-1]
    return AuthResult(
        success=(login.login, login.password) == (USER.encode(), PASSWORD.encode()), handled=False
    )


@asynccontextmanager
async def mail_server(
    mailbox: Mailbox,
    *,
    port: int = 0,
    start_tls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Its port, while it runs."""
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            mailbox,
            hostname="mail.example.org",
            loop=loop,
            tls_context=start_tls,
            authenticator=_authenticate,
            auth_require_tls=False,
        )

    server = await loop.create_server(protocol, HOST, port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@dataclass
class Azure:
    """What its address took, and what it answers: a status each, then one outcome each."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    polls: int = 0
    statuses: list[int] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    host: str = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readline():
                method = request.split()[0].decode()
                headers = {}
                while line := (await reader.readline()).decode().strip():
                    name, _, value = line.partition(": ")
                    headers[name.lower()] = value
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                writer.write(self._answer(method, headers, body))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _answer(self, method: str, headers: dict[str, str], body: bytes) -> bytes:
        extra = ""
        if method == "POST":
            self.posts.append(json.loads(body))
            self.headers.append(headers)
            status = self.statuses.pop(0) if self.statuses else 202
            operation = headers["operation-id"]
            extra = f"Operation-Location: https://{self.host}/emails/operations/{operation}\r\n"
            told: dict[str, Any] = {"id": operation, "status": "Running"}
            if status != 202:
                told = {"error": {"code": "Told", "message": "as the test wants it"}}
        else:
            self.polls += 1
            status = 200
            told = self.outcomes.pop(0) if self.outcomes else {"id": "1", "status": "Succeeded"}
        content = json.dumps(told).encode()
        head = (
            f"HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content


@asynccontextmanager
async def azure_server(azure: Azure, tls: ssl.SSLContext) -> AsyncIterator[str]:
    """The connection string that leads to it."""
    server = await asyncio.start_server(azure, HOST, 0, ssl=tls)
    azure.host = f"{HOST}:{server.sockets[0].getsockname()[1]}"
    try:
        yield f"endpoint=https://{azure.host}/;accesskey=c2VjcmV0"
    finally:
        server.close()
        await server.wait_closed()
