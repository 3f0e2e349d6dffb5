"""The page behind the link that is printed at the first start: it makes the first admin."""

from html import escape
from importlib.resources import files
from string import Template
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from portfolio.adapters.limiter import LimitName
from portfolio.api.deps import DbRead, SetupDep
from portfolio.api.identity import SignInDb
from portfolio.api.limits import limited
from portfolio.api.pages import fields, forms
from portfolio.core.config import Settings
from portfolio.models.users import User
from portfolio.schemas.auth import SetupClaim

_DONE = Template(files(__package__).joinpath("setup_done.html").read_text("utf-8"))
FORM = forms.Form(
    title="Welcome",
    lead="Create the account that manages this site. This page works once.",
    button="Create the account",
    action="setup",
    fields=(fields.EMAIL, fields.USERNAME, fields.DISPLAY_NAME, fields.PASSWORD),
    incomplete="Open the whole link, as the server printed it.",
)


def router(settings: Settings) -> APIRouter:
    """`GET` and `POST /setup`."""
    routes = forms.router_of(FORM)

    @routes.get("/setup")
    async def show_setup(
        token: Annotated[str, Query(max_length=100)], db: DbRead, setup: SetupDep
    ) -> Response:
        await setup.check(db, token)
        return FORM.page(200, {"token": token})

    @routes.post("/setup", dependencies=[*forms.SUBMITTED, limited(LimitName.LOGIN)])
    async def submit_setup(
        form: Annotated[SetupClaim, Form()], reader: DbRead, db: SignInDb, setup: SetupDep
    ) -> Response:
        return _done(settings, await setup.claim(reader, db, form.token, form))

    return routes


def _done(settings: Settings, user: User) -> Response:
    links = []
    if settings.server.serves_docs:
        links.append('<p><a href="docs">Read the documentation of the API and try it out</a></p>')
    links.append(forms.to_site(settings.site.url))
    body = _DONE.substitute(
        username=escape(user.username),
        address=escape(settings.server.address),
        links="\n".join(links),
    )
    return forms.page(201, "All set", body)
