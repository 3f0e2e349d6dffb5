"""One mail to one address, which no content can add a header or a recipient to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Literal

from portfolio.core.clock import utc_now

_ADDRESS = re.compile(r"(?P<user>[^\s@<>()\[\]\\,;:\"]{1,64})@(?P<domain>[^\s@]+)")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", re.ASCII)
_MESSAGE_ID = re.compile(r"<[\w.+-]+@[\w.-]+>", re.ASCII)
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_LONGEST_LINE = 900  # of 998 octets (RFC 5322, 2.1.1)


class _Whole(UniqueUnstructuredHeader, BaseHeader):  # type: ignore[misc]  # by max_count
    """On one line, however long: the library would encode it, and programs look for an address."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Whole)
_POLICY = SMTP.clone(header_factory=_HEADERS)


class MailRefusedError(Exception):
    """It will never be taken as it is: no such mailbox, or content that is not wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Addresses are bare, and HTML need not be there. Raises ValueError for what has no place in a header."""

    to: str
    subject: str
    text: str
    html: str = ""
    message_id: str
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for address in filter(None, (self.to, self.reply_to)):
            parse(address)
        if not _MESSAGE_ID.fullmatch(self.message_id):
            raise ValueError("A Message-ID looks like <left@right>")
        if not all(map(_HEADER.fullmatch, self.headers)):
            raise ValueError("The name of a header has letters, digits and hyphens")
        if not all(value.isprintable() for value in (self.subject, *self.headers.values())):
            raise ValueError("A header is one line of printable characters")

    @property
    def recipient(self) -> Address:
        return parse(self.to)

    def as_email(self, sender: Address) -> EmailMessage:
        """As it is sent: text, with HTML as an alternative if there is any (RFC 2046).

        Marked as automatic (RFC 3834).
        """
        email = EmailMessage(policy=_POLICY)
        email["From"] = sender
        email["To"] = self.recipient
        if self.reply_to:
            email["Reply-To"] = parse(self.reply_to)
        email["Subject"] = self.subject
        email["Date"] = utc_now()
        email["Message-ID"] = self.message_id
        email["Auto-Submitted"] = "auto-generated"
        for name, value in self.headers.items():
            email[name] = value
        email.set_content(self.text, cte=_encoding(self.text))
        if self.html:
            email.add_alternative(self.html, subtype="html", cte=_encoding(self.html))
        return email


def parse(address: str) -> Address:
    """The domain in ASCII, as mail servers know it (RFC 5890). Raises ValueError."""
    found = _ADDRESS.fullmatch(address) if address.isprintable() else None
    # Looked at in ASCII: vowel signs of Indian scripts are no letters, and stand in domains.
    domain = found["domain"].encode("idna").decode() if found else ""
    if found is None or not _DOMAIN.fullmatch(domain):
        raise ValueError("This is no e-mail address")
    return Address(username=found["user"], domain=domain)


def _encoding(text: str) -> Literal["7bit", "8bit", "quoted-printable"]:
    """As it is, where that is allowed: a raw mail can then be read and searched."""
    if max(map(len, text.encode().split(b"\n"))) > _LONGEST_LINE:
        return "quoted-printable"
    return "7bit" if text.isascii() else "8bit"
