"""How people end mail about comments: by one click of their mail program, or on a page.

The token is all that is asked for: who has it reads the mail of that address. Opening the page
changes nothing: programs that look through mail open links too.
"""

from html import escape
from importlib.resources import files
from string import Template
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import JSONResponse, Response

from portfolio.api.body import StrictRequest, fields, filled
from portfolio.api.deps import DbRead, MailChoicesDep
from portfolio.api.forms import wants_page
from portfolio.api.identity import SignInDb
from portfolio.api.pages.forms import Form, page, router_of
from portfolio.models.notifications import Delivery
from portfolio.schemas.notifications import ListToken, Unsubscription
from portfolio.services.notifications.choices import masked

TITLE = "Mail about comments"
FORM = Form(title=TITLE, lead="", button="", action="unsubscribe")
_PAGE = Template(files(__package__).joinpath("unsubscribe.html").read_text("utf-8"))
_WORDS = {
    Delivery.INSTANT: "at once, for each comment",
    Delivery.DAILY: "once a day",
    Delivery.OFF: "never",
}


async def _asked(
    request: StrictRequest, token: Annotated[ListToken | None, Query()] = None
) -> Unsubscription:
    """Of a form, of JSON, or of the address alone (RFC 8058). Raises RequestValidationError."""
    given = {}
    if request.is_form:
        given = fields(await request.form())
    elif request.has_body and request.is_json:
        given = await request.json()
    if isinstance(given, dict) and token is not None:
        given = {"token": token, **given}
    return filled(Unsubscription, given)


router = router_of(FORM, "/api/v1/comments")


@router.get("/unsubscribe")
async def show(
    token: Annotated[ListToken, Query()], db: DbRead, choices: MailChoicesDep
) -> Response:
    email = choices.address(token)
    now = _WORDS[await choices.of(db, email)]
    body = _PAGE.substitute(address=escape(masked(email)), now=now, token=escape(token))
    return page(200, TITLE, body)


@router.post("/unsubscribe")
async def submit(
    request: StrictRequest,
    asked: Annotated[Unsubscription, Depends(_asked)],
    db: SignInDb,
    choices: MailChoicesDep,
) -> Response:
    email = choices.address(asked.token)
    chosen = await choices.choose(db, email, asked.delivery)
    if not wants_page(request):
        return JSONResponse({"delivery": chosen})
    address = escape(masked(email))
    return page(200, "All set", f"<p>Mail about comments to {address} comes: {_WORDS[chosen]}.</p>")
