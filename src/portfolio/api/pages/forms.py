"""Plain pages for people: one form each, most behind a link that works once. No script, no cookie."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import ClassVar
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import HTMLResponse, Response

from portfolio.api.route import Door, Handler
from portfolio.core.errors import AppError, ForbiddenException, InvalidInputException

_PAGES = files(__package__)
_LAYOUT, _FORM, _FIELD, _TEXTAREA = (
    Template(_PAGES.joinpath(f"{name}.html").read_text("utf-8"))
    for name in ("layout", "form", "field", "textarea")
)
_STYLE = _PAGES.joinpath("page.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def content_policy(*origins: str) -> dict[str, str]:
    """The header that says what a page may do; what its form is answered may lead to `origins`."""
    targets = " ".join(("'self'", *origins))
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
            f"form-action {targets}; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
        )
    }


_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Resource-Policy": "same-origin",
    **content_policy(),
}
TYPED = "portfolio.typed"
# Trying the same again may help.
_PASSING = {429, 503}


@dataclass(frozen=True, slots=True)
class Field:
    """`label`, `hint` and `attributes` are HTML of ours. `kind`: of an input, or "textarea"."""

    name: str
    label: str
    kind: str
    attributes: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """`action`: the address below which it stands, by its last part. `lead` is HTML of ours."""

    title: str
    lead: str
    button: str
    action: str
    fields: tuple[Field, ...] = ()
    incomplete: str = "Open the whole link, as it stands in the mail."
    # Fields that nobody sees, sent as they came.
    hidden: tuple[str, ...] = ("token",)

    def page(
        self,
        status: int,
        typed: Mapping[str, str],
        wrong: Mapping[str, str] | None = None,
        problem: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """What was typed is there again, but for passwords."""
        wrong = wrong or {}
        parts = [_field(field, typed, wrong) for field in self.fields]
        unseen = [
            f'<input type="hidden" name="{name}" value="{escape(typed.get(name, ""))}">'
            for name in self.hidden
            if name not in wrong
        ]
        body = _FORM.substitute(
            lead=self.lead,
            problem=escape(_sentence(problem)),
            action=self.action,
            hidden="".join(unseen),
            fields="".join(parts),
            button=self.button,
        )
        return page(status, self.title, body, headers)

    def refused(
        self,
        request: Request,
        status: int,
        wrong: Mapping[str, str],
        problem: str,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The form again where another try may help, else only the reason."""
        typed = request.scope.get(TYPED, {})
        if not wrong.keys().isdisjoint(field.name for field in self.fields):
            return self.page(status, typed, wrong, "Please look again.")
        if typed and status in _PASSING:
            return self.page(status, typed, wrong, problem, headers)
        return message(status, "That did not work", problem, headers)


class FormDoor(Door):
    """A door for people: refusals are pages, and a form comes back as it was filled in."""

    form: ClassVar[Form]

    def wants_page(self, request: Request) -> bool:
        """Whether a person looks at the answer."""
        del request
        return True

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def show(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                if not self.wants_page(request):
                    raise
                wrong = {str(item["loc"][-1]): str(item["msg"]) for item in error.errors()}
                status = InvalidInputException.status
                return self.form.refused(request, status, wrong, self.form.incomplete)
            except AppError as error:
                if not self.wants_page(request):
                    raise
                wrong = {item.field: item.message for item in error.errors}
                return self.form.refused(request, error.status, wrong, error.detail, error.headers)

        return show


def router_of(form: Form, prefix: str = "") -> APIRouter:
    """For the routes that show this form and take it."""
    door = type("FormDoorOf", (FormDoor,), {"form": form})
    return APIRouter(prefix=prefix, route_class=door, include_in_schema=False)


async def _same_origin(request: Request) -> None:
    """Raises ForbiddenException for a form that another site sent."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    # A page with no-referrer posts `Origin: null`, and plain http carries no Sec-Fetch-Site: there
    # the token alone must do, which no other site knows.
    foreign = origin != "null" and urlsplit(origin).netloc != request.headers.get("Host")
    if foreign if site is None else site not in {"same-origin", "none"}:
        raise ForbiddenException("Another site sent this form; open the link and fill it in there")


async def _keep_typed(request: Request) -> None:
    """Keep the fields where a refusal finds them; the body itself can be read only once."""
    form = await request.form()
    request.scope[TYPED] = {name: str(value) for name, value in form.items()}


# For the dependencies of each route that takes a form.
SUBMITTED = [Depends(_same_origin), Depends(_keep_typed)]


def message(
    status: int, title: str, text: str, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    return page(status, title, f"<p>{escape(_sentence(text))}</p>", headers)


def to_site(home: str | None) -> str:
    """A link to the site, as HTML, if it is known."""
    return f'<p><a href="{escape(home)}">Go to the site</a></p>' if home else ""


def page(
    status: int, title: str, body: str, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """`title` and `body` are HTML of ours."""
    whole = _LAYOUT.substitute(title=title, style=_STYLE, body=body)
    return HTMLResponse(whole, status, {**_HEADERS, **(headers or {})})


def _field(field: Field, typed: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    value = "" if field.kind == "password" else typed.get(field.name, "")
    template = _TEXTAREA if field.kind == "textarea" else _FIELD
    return template.substitute(
        name=field.name,
        label=field.label,
        kind=field.kind,
        attributes=field.attributes,
        hint=field.hint,
        value=escape(value),
        wrong=escape(_sentence(wrong.get(field.name, ""))),
        invalid="true" if field.name in wrong else "false",
    )


def _sentence(text: str) -> str:
    plain = text.removeprefix("Value error, ").rstrip(".")
    return f"{plain[:1].upper()}{plain[1:]}." if plain else ""
