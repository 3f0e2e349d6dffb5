"""What visitors see who send the contact form without a script."""

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from portfolio.api.deps import services_of
from portfolio.api.forms import wants_page
from portfolio.api.pages.forms import TYPED, Field, Form, FormDoor, content_policy, page, to_site
from portfolio.core.web_addresses import origin_of
from portfolio.schemas.contact import MAX_MESSAGE, MAX_NAME, MAX_SUBJECT


class ContactPage(Form):
    """Comes back with all that was typed, whatever was wrong: nobody writes a letter twice."""

    def refused(
        self,
        request: Request,
        status: int,
        wrong: Mapping[str, str],
        problem: str,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        typed = request.scope.get(TYPED)
        if typed is None:
            return super().refused(request, status, wrong, problem, headers)
        shown = {field.name for field in self.fields}
        unseen = [f"{name}: {text}" for name, text in wrong.items() if name not in shown]
        said = "; ".join(["Please look again", *unseen]) if wrong else problem
        origins = sorted(set(map(origin_of, services_of(request).contact.redirects)))
        policy = content_policy(*origins)
        return self.page(status, typed, wrong, said, {**policy, **(headers or {})})


FORM = ContactPage(
    title="Almost sent",
    lead="Your message is still here. Correct what is marked, and send it again.",
    button="Send",
    action="contact",
    fields=(
        Field("name", "Name", "text", f'required maxlength="{MAX_NAME}" autocomplete="name"'),
        Field("email", "E-mail", "email", 'required maxlength="254" autocomplete="email"'),
        Field("subject", "Subject", "text", f'required maxlength="{MAX_SUBJECT}"'),
        Field("message", "Message", "textarea", f'required rows="10" maxlength="{MAX_MESSAGE}"'),
    ),
    incomplete="Please look again",
    hidden=("redirect", "subtitle", "shown_at"),
)


class ContactDoor(FormDoor):
    """Refusals of plain forms are pages; of all else they are what they are everywhere."""

    form = FORM

    def wants_page(self, request: Request) -> bool:
        return wants_page(request)


def thanks(home: str | None) -> Response:
    """`home`: the site that the form stands on."""
    return page(202, "Thank you", f"<p>Your message has arrived.</p>{to_site(home)}")
