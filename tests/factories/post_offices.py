"""Where mail arrives, and what people find in it."""

import re
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import quote

from tests.factories.mail_servers import HOST, PASSWORD, USER, Azure, Mailbox, mail_server
from tests.factories.servers import eventually

TOKEN = re.compile(r"https://folio\.example/account(/[a-z-]+)\?token=([\w-]+)")
CODE = re.compile(r"(?<!\d)(\d{3}) ?(\d{3})(?!\d)")


@dataclass(frozen=True)
class Letter:
    """A mail as its reader sees it; some have no HTML."""

    to: str
    subject: str
    text: str
    html: str
    reply_to: str | None = None

    def token(self, path: str) -> str:
        """That of its one link, which both forms have."""
        (found,) = set(TOKEN.findall(self.text))
        assert set(TOKEN.findall(self.html)) == {found}
        assert found[0] == path
        return str(found[1])

    def code(self) -> str:
        found = CODE.search(self.text)
        assert found is not None, self.text
        return "".join(found.groups())


class PostOffice:
    """A mail server that can be away. What it took stays."""

    def __init__(self, mailbox: Mailbox | None = None) -> None:
        self.mailbox = mailbox or Mailbox()
        self.port = 0
        self._open: AbstractAsyncContextManager[int] | None = None

    @property
    def url(self) -> str:
        return f"smtp://{USER}:{quote(PASSWORD, safe='')}@{HOST}:{self.port}"

    async def open(self) -> None:
        """On the same port as the last time."""
        self._open = mail_server(self.mailbox, port=self.port)
        self.port = await self._open.__aenter__()

    async def close(self) -> None:
        if self._open is not None:
            await self._open.__aexit__(None, None, None)
            self._open = None

    async def letter(self, to: str, about: str, number: int = 1, seconds: float = 60) -> Letter:
        """The mail to this address whose subject says that, once it is there."""

        async def look() -> Letter | None:
            mails = list(zip(self.mailbox.recipients, self.mailbox.mails, strict=True))
            found = [mail for rcpt, mail in mails if rcpt == to and about in mail["Subject"]]
            return _letter(found[number - 1]) if len(found) >= number else None

        return await eventually(look, seconds)


@dataclass
class AzurePostOffice:
    """The same by Azure's address."""

    azure: Azure

    async def letter(self, to: str, about: str, number: int = 1, seconds: float = 60) -> Letter:
        async def look() -> Letter | None:
            found = []
            for post in self.azure.posts:
                content = post["content"]
                if post["recipients"]["to"] == [{"address": to}] and about in content["subject"]:
                    found.append(content)
            if len(found) < number:
                return None
            content = found[number - 1]
            return Letter(to, content["subject"], content["plainText"], content["html"])

        return await eventually(look, seconds)


def _letter(mail: EmailMessage) -> Letter:
    parts = {
        part.get_content_subtype(): part.get_content()
        for part in mail.walk()
        if not part.is_multipart()
    }
    return Letter(
        mail["To"], mail["Subject"], parts["plain"], parts.get("html", ""), mail["Reply-To"]
    )
