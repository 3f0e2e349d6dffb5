"""How mail leaves: by a mail server, by Azure, or into a folder where neither is set."""

import importlib.util
import re
from email.headerregistry import Address
from typing import Protocol
from urllib.parse import urlsplit

from portfolio.adapters.mailer.azure import AzureMailer
from portfolio.adapters.mailer.message import MailRefusedError, Message
from portfolio.adapters.mailer.sink import FileMailer
from portfolio.adapters.mailer.smtp import SmtpMailer
from portfolio.core.config import Settings
from portfolio.core.config.mail import SmtpServer, address_of
from portfolio.core.environment import SettingsError

__all__ = ["MailRefusedError", "Mailer", "Message", "create_mailer", "create_sink", "sender_of"]

_AZURE = "AZURE_COMMUNICATION_CONNECTION_STRING"
_HOST = re.compile(r"[\w.-]+", re.ASCII)


class Mailer(Protocol):
    """`place`: where mail goes, for people."""

    place: str

    async def send(self, message: Message) -> None:
        """Returns once somebody else has taken charge of it.

        Raises MailRefusedError for what will never be taken, UnavailableException for what may be
        taken later.
        """


def create_mailer(settings: Settings) -> Mailer:
    """Raises SettingsError where Azure is asked for and its library is not installed."""
    mail, sender = settings.mail, sender_of(settings)
    if mail.smtp_url:
        return SmtpMailer(SmtpServer.parse(mail.smtp_url.get_secret_value()), sender)
    if mail.azure_connection_string:
        _require_azure()
        return AzureMailer(mail.azure_connection_string.get_secret_value(), sender)
    return create_sink(settings)


def create_sink(settings: Settings) -> FileMailer:
    """What keeps mail while none is sent."""
    return FileMailer(settings.storage.data_dir / "mail", sender_of(settings))


def sender_of(settings: Settings) -> Address:
    """MAIL_FROM, by default with the name of the site and an address at this server."""
    host = urlsplit(settings.server.address).hostname or ""
    usual = f"no-reply@{host if _HOST.fullmatch(host) else 'localhost'}"
    given = address_of(settings.mail.sender or usual)
    return Address(given.display_name or settings.site.name, given.username, given.domain)


def _require_azure() -> None:
    try:
        found = all(map(importlib.util.find_spec, ("azure.communication.email", "aiohttp")))
    except ModuleNotFoundError:
        found = False
    if not found:
        raise SettingsError(
            [f"{_AZURE}: needs the extra `azure`; `pip install '.[azure]'` adds it"]
        )
