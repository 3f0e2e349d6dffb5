"""Mail that goes nowhere: kept as files, to be read with `portfolio mail`."""

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from pathlib import Path

import structlog

from portfolio.adapters.mailer.message import Message
from portfolio.core.clock import utc_now
from portfolio.core.errors import UnavailableException

log = structlog.get_logger(__name__)

KEPT = 200


@dataclass(frozen=True, slots=True)
class KeptMail:
    path: Path
    to: str
    subject: str
    date: datetime
    text: str


class FileMailer:
    """A folder of .eml files for its owner's eyes, the newest KEPT of them."""

    def __init__(self, folder: Path, sender: Address) -> None:
        self.place = str(folder)
        self._folder = folder
        self._sender = sender

    async def send(self, message: Message) -> None:
        try:
            path = await asyncio.to_thread(self._keep, message)
        except OSError as error:
            raise UnavailableException(f"Mail cannot be kept: {error.strerror}") from error
        log.info("mail.kept", to=message.to, subject=message.subject, file=str(path))

    def kept(self) -> list[KeptMail]:
        """Newest first."""
        return [_read(path) for path in reversed(self._paths())]

    def _keep(self, message: Message) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = message.message_id[1:].partition("@")[0]
        path = self._folder / f"{utc_now():%Y%m%dT%H%M%S.%fZ}-{name}.eml"
        draft = path.with_suffix(".part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(message.as_email(self._sender).as_bytes())
        draft.rename(path)
        for old in self._paths()[:-KEPT]:
            old.unlink(missing_ok=True)
        return path

    def _paths(self) -> list[Path]:
        """Oldest first: names begin with the time."""
        return sorted(self._folder.glob("*.eml"))


def _read(path: Path) -> KeptMail:
    email = message_from_bytes(path.read_bytes(), policy=default)
    body = email.get_body(("plain",))
    return KeptMail(
        path=path,
        to=str(email["To"]),
        subject=str(email["Subject"]),
        date=email["Date"].datetime,
        text="\n".join(body.get_content().splitlines()) if body is not None else "",
    )
