import asyncio
import importlib
import ssl
from contextlib import suppress
from email.headerregistry import Address
from typing import Any

from portfolio.adapters.mailer.message import MailRefusedError, Message
from portfolio.core.config.mail import SmtpServer, StartTls
from portfolio.core.errors import UnavailableException

_UPGRADE: dict[StartTls, bool | None] = {"offered": None, "required": True, "never": False}
_PERMANENT = 500  # and above (RFC 5321, 4.2.1)
_ABOUT_US = {530, 534, 535, 538}  # who we are is not settled (RFC 4954, 6)


class SmtpMailer:
    """A connection for each mail. `timeout`: seconds for all of it."""

    def __init__(
        self,
        server: SmtpServer,
        sender: Address,
        *,
        timeout: float = 10,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.place = f"{server.host}:{server.port}"
        self._server = server
        self._sender = sender
        self._timeout = timeout
        self._tls = tls

    async def send(self, message: Message) -> None:
        # Both take a while the first time.
        smtp = await asyncio.to_thread(importlib.import_module, "aiosmtplib")
        self._tls = self._tls or await asyncio.to_thread(ssl.create_default_context)
        client = self._client(smtp)
        try:
            async with asyncio.timeout(self._timeout):
                await client.connect()
                await self._hand_over(client, smtp, message)
        except smtp.SMTPException as error:
            # Wrong passwords and senders too: their owner puts them right, and the mail waits.
            raise self._unavailable(_said(error)) from error
        except TimeoutError as error:
            raise self._unavailable(f"no answer in {self._timeout:g} seconds") from error
        except OSError as error:
            raise self._unavailable(_said(error)) from error
        finally:
            await self._leave(client, smtp)

    async def _hand_over(self, client: Any, smtp: Any, message: Message) -> None:
        try:
            await client.send_message(
                message.as_email(self._sender),
                sender=self._sender.addr_spec,
                recipients=[message.recipient.addr_spec],
            )
        except (smtp.SMTPRecipientsRefused, smtp.SMTPDataError, smtp.SMTPNotSupported) as error:
            code = getattr(_cause(error), "code", _PERMANENT)
            if code >= _PERMANENT and code not in _ABOUT_US:
                raise MailRefusedError(_said(error)) from error
            raise

    def _unavailable(self, reason: str) -> UnavailableException:
        return UnavailableException(f"{self.place}: {reason}")

    def _client(self, smtp: Any) -> Any:
        server = self._server
        return smtp.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls,
            start_tls=None if server.tls else _UPGRADE[server.start_tls],
            tls_context=self._tls,
            timeout=self._timeout,
        )

    async def _leave(self, client: Any, smtp: Any) -> None:
        """The mail is taken or not by now: how the goodbye goes changes nothing."""
        if client.is_connected:
            with suppress(smtp.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=1)
        client.close()


def _cause(error: Any) -> Any:
    """There is one recipient, and so one refusal of recipients."""
    return next(iter(getattr(error, "recipients", ())), error)


def _said(error: Any) -> str:
    """In the server's words, on one line."""
    cause = _cause(error)
    text = getattr(cause, "message", "") or str(cause) or type(cause).__name__
    return " ".join(f"{getattr(cause, 'code', '')} {text}".split())
