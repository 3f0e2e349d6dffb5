"""Mails as people see them: one template each, written out as HTML and as plain text."""

import asyncio
import importlib
import re
import textwrap
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel

from portfolio.adapters.mailer.mails import LinkMail, ListMail, Mail, PlainMail
from portfolio.adapters.mailer.message import Message
from portfolio.core.config import Settings

_TEMPLATES = Path(__file__).parent / "templates"
_FORMS = ("html", "txt")
_MACROS = ("p", "button", "link", "digits", "facts", "said")
_WIDTH = 72
_SPACE = "\N{NO-BREAK SPACE}"  # an ordinary one again in plain text
_LONGEST_WORDS = 254
_GAP = re.compile(r"\n{3,}")
_JOINERS = "\u200c\u200d"  # which hold scripts and emoji together
_UNITS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


class Renderer:
    def __init__(self, settings: Settings) -> None:
        self._site = settings.site.name
        self._site_url = settings.site.url
        self._account_url = settings.account_url
        self._api = f"{settings.server.address}/api/v1"
        self._paths = {"posts": settings.site.post_path, "projects": settings.site.project_path}

    async def message(
        self,
        mail: Mail,
        to: str,
        message_id: str,
        asked_at: datetime,
        *,
        reply_to: str | None = None,
    ) -> Message:
        """`asked_at`: from when on the lifetime of its link or code counts."""
        if "_environments" not in self.__dict__:
            # Jinja takes a while to load: at the first mail, and not while others wait.
            await asyncio.to_thread(getattr, self, "_environments")
        context = self._context(mail, asked_at)
        forms = ("txt",) if isinstance(mail, PlainMail) else _FORMS
        parts = {
            form: self._environments[form].get_template(f"{mail.template()}.j2").render(context)
            for form in forms
        }
        subject = _tame(mail.subject.format(**{"site": self._site, **context}))
        text = _GAP.sub("\n\n", parts["txt"]).strip() + "\n"
        return Message(
            to=to,
            subject=subject,
            text=text,
            html=parts.get("html", ""),
            message_id=message_id,
            reply_to=reply_to,
            headers=self._headers(mail, message_id),
        )

    def _headers(self, mail: Mail, message_id: str) -> dict[str, str]:
        """By which mail programs know what is sent regularly, and offer to end it (RFC 2369, 8058)."""
        if not isinstance(mail, ListMail):
            return {}
        host = message_id.strip("<>").rpartition("@")[2]
        return {
            "List-Id": f"<comments.{host}>",
            "List-Unsubscribe": f"<{self._unsubscribe(mail)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def _unsubscribe(self, mail: ListMail) -> str:
        query = urlencode({"token": mail.token})
        return f"{self._api}/comments/unsubscribe?{query}"

    def _place(self, thread: dict[str, str], comment_id: int | None = None) -> str:
        """Where the site shows a post or project, or a comment there; empty where that is unknown."""
        if self._site_url is None:
            return ""
        path = self._paths[thread["kind"]].format(slug=thread["slug"])
        anchor = f"#comment-{comment_id}" if comment_id else ""
        return f"{self._site_url.rstrip('/')}{path}{anchor}"

    def _context(self, mail: Mail, asked_at: datetime) -> dict[str, Any]:
        prose = mail.prose if isinstance(mail, PlainMail) else frozenset()
        context = {
            name: _tame_lines(value) if name in prose else _tamed(value)
            for name, value in mail
            if name != "token"
        }
        if mail.expires_at is not None:
            context["lifetime"] = duration(mail.expires_at - asked_at)
        if isinstance(mail, LinkMail):
            query = urlencode({"token": mail.token})
            context["link"] = f"{self._account_url}{mail.path}?{query}"
        if isinstance(mail, ListMail):
            context["unsubscribe"] = self._unsubscribe(mail)
        return context

    @cached_property
    def _environments(self) -> dict[str, Any]:
        return {form: self._environment(form) for form in _FORMS}

    def _environment(self, form: str) -> Any:
        jinja = importlib.import_module("jinja2")
        environment = jinja.Environment(
            loader=jinja.FileSystemLoader(_TEMPLATES),
            autoescape=form == "html",
            undefined=jinja.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.filters.update(moment=moment, flow=flow, quoted=quoted)
        macros = environment.get_template(f"macros.{form}").module
        environment.globals.update({name: getattr(macros, name) for name in _MACROS})
        environment.globals.update(
            layout=f"layout.{form}",
            site=_tame(self._site),
            site_url=self._site_url,
            place=self._place,
            queue=f"{self._api}/comments?status=pending",
        )
        return environment


def moment(at: datetime) -> str:
    parts = (f"{at.day} {at:%B %Y}", f"{at:%H:%M} UTC")
    return ", ".join(part.replace(" ", _SPACE) for part in parts)


def duration(time: timedelta) -> str:
    """In the largest unit of which there are two at least, rounded."""
    for unit, name in _UNITS:
        if (count := round(time / unit)) >= 2:  # noqa: PLR2004 - "24 hours" says more than "1 day"
            return f"{count}{_SPACE}{name}s"
    return f"1{_SPACE}minute"


def flow(text: str) -> str:
    """One paragraph of plain text; what has no space in it, such as a link, stays whole."""
    return textwrap.fill(
        " ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False
    )


def quoted(text: str) -> str:
    """Each line marked as somebody else's."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _tamed(value: Any) -> Any:
    """Every word in it on one line."""
    match value:
        case str():
            return _tame(value)
        case tuple():
            return [_tamed(part) for part in value]
        case BaseModel():
            return {name: _tamed(part) for name, part in value}
    return value


def _tame(text: str) -> str:
    """Words by others, on one line: nothing in them can pass for a paragraph of ours."""
    return " ".join(_shown(text).split())[:_LONGEST_WORDS]


def _tame_lines(text: str) -> str:
    """Words by others, whole and in their lines, for a plain text that sets them apart."""
    return "\n".join(_shown(line).rstrip() for line in text.splitlines())


def _shown(text: str) -> str:
    return "".join(sign if sign.isprintable() or sign in _JOINERS else " " for sign in text)
