"""The page behind the link that is printed at the first start: it makes the first admin."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import HTMLResponse, Response

from portfolio.api.deps import DbRead, SetupDep
from portfolio.api.identity import SignInDb
from portfolio.api.route import Door, Handler
from portfolio.core.config import Settings
from portfolio.core.errors import AppError, ForbiddenException, InvalidInputException
from portfolio.models.users import User
from portfolio.schemas.auth import SetupClaim

_PAGES = files("portfolio.api").joinpath("pages")
_LAYOUT, _FORM, _DONE = (
    Template(_PAGES.joinpath(f"{name}.html").read_text("utf-8"))
    for name in ("layout", "setup_form", "setup_done")
)
_STYLE = _PAGES.joinpath("setup.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    ),
}
_KEPT = ("email", "username", "display_name")
_FIELDS = (*_KEPT, "password")
_TYPED = "portfolio.setup.typed"
_PASSING = {429, 503}


async def same_origin(request: Request) -> None:
    """Raises ForbiddenException for a form that another site sent."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    # A page with no-referrer posts `Origin: null`, and plain http carries no Sec-Fetch-Site: there
    # the token alone must do, which no other site knows.
    foreign = origin != "null" and urlsplit(origin).netloc != request.headers.get("Host")
    if foreign if site is None else site not in {"same-origin", "none"}:
        raise ForbiddenException("Another site sent this form; open the link and fill it in there")


async def keep_typed(request: Request) -> None:
    """Keep the fields where a refusal finds them; the body itself can be read only once."""
    form = await request.form()
    request.scope[_TYPED] = {name: str(value) for name, value in form.items()}


class _Page(Door):
    """A door for people: refusals are pages, and a form comes back as it was filled in."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def show(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                wrong = {str(item["loc"][-1]): str(item["msg"]) for item in error.errors()}
                return _refused(request, InvalidInputException.status, wrong)
            except AppError as error:
                wrong = {item.field: item.message for item in error.errors}
                return _refused(request, error.status, wrong, error.detail, error.headers)

        return show


def router(settings: Settings) -> APIRouter:
    """`GET` and `POST /setup`."""
    routes = APIRouter(route_class=_Page, include_in_schema=False)

    @routes.get("/setup")
    async def show_setup(
        token: Annotated[str, Query(max_length=100)], db: DbRead, setup: SetupDep
    ) -> Response:
        await setup.check(db, token)
        return _form(200, {"token": token}, {})

    @routes.post("/setup", dependencies=[Depends(same_origin), Depends(keep_typed)])
    async def submit_setup(
        form: Annotated[SetupClaim, Form()], reader: DbRead, db: SignInDb, setup: SetupDep
    ) -> Response:
        return _done(settings, await setup.claim(reader, db, form.token, form))

    return routes


def _refused(
    request: Request,
    status: int,
    wrong: Mapping[str, str],
    problem: str = "Open the whole link, as the server printed it.",
    headers: Mapping[str, str] | None = None,
) -> Response:
    typed = request.scope.get(_TYPED, {})
    if not wrong.keys().isdisjoint(_FIELDS):
        return _form(status, typed, wrong, "Please look again.")
    if typed and status in _PASSING:
        return _form(status, typed, wrong, problem, headers)
    return _page(status, "That did not work", f"<p>{escape(_sentence(problem))}</p>", headers)


def _form(
    status: int,
    typed: Mapping[str, str],
    wrong: Mapping[str, str],
    problem: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    values = {"token": typed.get("token", ""), "problem": _sentence(problem)}
    for name in _FIELDS:
        values[f"{name}_wrong"] = _sentence(wrong.get(name, ""))
        values[f"{name}_state"] = "true" if name in wrong else "false"
        values[name] = typed.get(name, "") if name in _KEPT else ""
    safe = {name: escape(value) for name, value in values.items()}
    return _page(status, "Welcome", _FORM.substitute(safe), headers)


def _done(settings: Settings, user: User) -> Response:
    links = []
    if settings.server.serves_docs:
        links.append('<p><a href="docs">Read the documentation of the API and try it out</a></p>')
    if settings.site.url:
        links.append(f'<p><a href="{escape(settings.site.url)}">Go to the site</a></p>')
    body = _DONE.substitute(
        username=escape(user.username),
        address=escape(settings.server.address),
        links="\n".join(links),
    )
    return _page(201, "All set", body)


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ").rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _page(
    status: int, title: str, body: str, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    page = _LAYOUT.substitute(title=title, style=_STYLE, body=body)
    return HTMLResponse(page, status, {**_HEADERS, **(headers or {})})
