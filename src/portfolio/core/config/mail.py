import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.policy import default
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, SecretStr, field_validator

from portfolio.core.config.group import Group

StartTls = Literal["offered", "required", "never"]
PORTS = {"smtp": 587, "smtps": 465}
_USER = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+", re.ASCII)
_DOMAIN = re.compile(r"[\w.-]+", re.ASCII)
_AZURE = "write it as endpoint=https://….communication.azure.com/;accesskey=…"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`tls`: from the first byte (RFC 8314); `start_tls`: whether to upgrade otherwise (RFC 3207)."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool
    start_tls: StartTls

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """Raises ValueError, without the password in it."""
        parts = urlsplit(url)
        asked = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
        wanted = asked.pop("starttls", None)
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or asked:
            raise ValueError("write it as smtp://user:password@host:587 or smtps://…:465")
        if wanted not in {None, "required", "never"} or (wanted and parts.scheme == "smtps"):
            raise ValueError("starttls is `required` or `never`, and only for smtp://")
        has_login = parts.username is not None
        # Whoever sits in between could leave STARTTLS out of the offer and read the password.
        usual: StartTls = "required" if has_login and not _is_here(parts.hostname) else "offered"
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            username=unquote(parts.username or "") if has_login else None,
            password=unquote(parts.password or "") if has_login else None,
            tls=parts.scheme == "smtps",
            start_tls=usual if wanted is None else "never" if wanted == "never" else "required",
        )


class MailSettings(Group):
    smtp_url: SecretStr | None = Field(
        None,
        validation_alias="SMTP_URL",
        description="Mail server: smtp://user:password@host:587 or smtps://user:password@host:465",
    )
    azure_connection_string: SecretStr | None = Field(
        None,
        validation_alias="AZURE_COMMUNICATION_CONNECTION_STRING",
        description="Azure Communication Services in place of a mail server",
    )
    sender: str | None = Field(
        None,
        validation_alias="MAIL_FROM",
        description="Sender of all mail: an address, or `Name <address>`",
    )

    @field_validator("smtp_url")
    @classmethod
    def _server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            SmtpServer.parse(value.get_secret_value())
        return value

    @field_validator("azure_connection_string")
    @classmethod
    def _connection(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            pairs = (part.partition("=") for part in value.get_secret_value().split(";"))
            given = {key.lower(): text for key, _, text in pairs}
            if not given.get("endpoint", "").startswith("https://") or not given.get("accesskey"):
                raise ValueError(_AZURE)
        return value

    @field_validator("sender")
    @classmethod
    def _sender(cls, value: str | None) -> str | None:
        if value is not None:
            address_of(value)
        return value

    @property
    def configured(self) -> bool:
        """Whether mail leaves this machine; otherwise it is kept in files."""
        return bool(self.smtp_url or self.azure_connection_string)


def address_of(text: str) -> Address:
    """`Name <address>` or the address alone (RFC 5322), its domain in ASCII. Raises ValueError."""
    try:
        (found,) = default.header_factory("From", text).addresses
        user, domain = found.username, found.domain.encode("idna").decode()
    except (ValueError, IndexError, HeaderParseError):
        user = domain = ""
    if not (_USER.fullmatch(user) and _DOMAIN.fullmatch(domain) and text.isprintable()):
        raise ValueError("write it as address or Name <address>")
    return Address(found.display_name, user, domain)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
