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

from portfolio.adapters.mailer.mails import LinkMail, Mail
from portfolio.adapters.mailer.message import Message
from portfolio.core.config import Settings

_TEMPLATES = Path(__file__).parent / "templates"
_FORMS = ("html", "txt")
_MACROS = ("p", "button", "digits", "facts")
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

    async def message(self, mail: Mail, to: str, message_id: str, asked_at: datetime) -> Message:
        """`asked_at`: from when on the lifetime of its link or code counts."""
        if "_environments" not in self.__dict__:
            # Jinja takes a while to load: at the first mail, and not while others wait.
            await asyncio.to_thread(getattr, self, "_environments")
        context = self._context(mail, asked_at)
        html, text = (
            self._environments[form].get_template(f"{mail.template()}.j2").render(context)
            for form in _FORMS
        )
        subject = _tame(mail.subject.format(site=self._site))
        text = _GAP.sub("\n\n", text).strip() + "\n"
        return Message(to=to, subject=subject, text=text, html=html, message_id=message_id)

    def _context(self, mail: Mail, asked_at: datetime) -> dict[str, Any]:
        context = {
            name: _tame(value) if isinstance(value, str) else value
            for name, value in mail
            if name != "token"
        }
        if mail.expires_at is not None:
            context["lifetime"] = duration(mail.expires_at - asked_at)
        if isinstance(mail, LinkMail):
            query = urlencode({"token": mail.token})
            context["link"] = f"{self._account_url}{mail.path}?{query}"
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
        environment.filters.update(moment=moment, flow=flow)
        macros = environment.get_template(f"macros.{form}").module
        environment.globals.update({name: getattr(macros, name) for name in _MACROS})
        environment.globals.update(
            layout=f"layout.{form}", site=_tame(self._site), site_url=self._site_url
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


def _tame(text: str) -> str:
    """Words by others, on one line: nothing in them can pass for a paragraph of ours."""
    shown = (sign if sign.isprintable() or sign in _JOINERS else " " for sign in text)
    return " ".join("".join(shown).split())[:_LONGEST_WORDS]
