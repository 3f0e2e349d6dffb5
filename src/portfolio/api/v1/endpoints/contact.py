"""The contact form, for everybody; and the inbox, for admins."""

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from portfolio.adapters.limiter import LimitName
from portfolio.api.answers import AnswerDep
from portfolio.api.deps import (
    AdminUser,
    AnonymousDbWrite,
    ContactDep,
    DbRead,
    DbWrite,
    IfMatch,
    RowId,
    services_of,
)
from portfolio.api.errors import errors
from portfolio.api.forms import JsonOrForm, wants_page
from portfolio.api.limits import limited
from portfolio.api.pages.contact import ContactDoor, thanks
from portfolio.api.query import QueryOf
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    BadRequestException,
    InvalidInputException,
    NotFoundException,
    PreconditionFailedException,
    RateLimitedException,
    UnavailableException,
)
from portfolio.core.pagination import Page
from portfolio.models.contact import ContactMessage, ContactReply
from portfolio.schemas.accounts import Accepted
from portfolio.schemas.contact import (
    ContactCreate,
    ContactForm,
    ContactItem,
    ContactQuery,
    ContactRead,
    ContactReplyCreate,
    ContactReplyRead,
    ContactUpdate,
)
from portfolio.schemas.page import PageRead
from portfolio.services.contact import ContactView

ONE = errors(NotFoundException)
CHANGE = errors(NotFoundException, PreconditionFailedException)
_PAGE: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
_SENT = errors(
    BadRequestException, InvalidInputException, RateLimitedException, UnavailableException
)
for _declared in _SENT.values():
    _declared["content"] |= _PAGE
_SENT |= {
    202: {"content": _PAGE},
    303: {"description": "To where the field `redirect` of a form leads", "content": {}},
}
router = v1_router("contact", prefix="/contact", door=ContactDoor)
Sent = Annotated[ContactCreate, Depends(JsonOrForm(ContactCreate, ContactForm))]
# Only what is complete counts, and what is repeated by its key does not.
Limited = Annotated[None, limited(LimitName.CONTACT)]


@router.post("", status_code=202, response_model=Accepted, responses=_SENT)
async def send_contact_message(
    request: Request, data: Sent, db: AnonymousDbWrite, _limit: Limited, contact: ContactDep
) -> Response:
    """Write to the owner of the site: as JSON, or as a plain HTML form without any script.

    A form is led to `redirect` if that is allowed, and otherwise gets a page.
    """
    redirect = data.redirect if isinstance(data, ContactForm) else None
    accepted = await contact.receive(db, data, redirect)
    if redirect is not None:
        return RedirectResponse(redirect, 303)
    if wants_page(request):
        return thanks(services_of(request).settings.site.url)
    return JSONResponse(accepted.model_dump(), 202)


@router.get("/messages", response_model=PageRead[ContactItem])
async def list_contact_messages(
    asked: Annotated[ContactQuery, Depends(QueryOf(ContactQuery))],
    db: DbRead,
    contact: ContactDep,
    _admin: AdminUser,
    answer: AnswerDep,
) -> Page[ContactMessage]:
    """What visitors wrote, newest first, spam included."""
    return answer.page(await contact.page(db, asked.page_request(), asked.filters()))


@router.get("/messages/{id}", response_model=ContactRead, responses=ONE)
async def get_contact_message(
    id: RowId, db: DbRead, contact: ContactDep, _admin: AdminUser, answer: AnswerDep
) -> ContactView:
    """One message with its replies. Its state stays: `PATCH` makes it `read`."""
    return answer.versioned(await contact.read(db, id))


@router.patch("/messages/{id}", response_model=ContactRead, responses=CHANGE)
async def update_contact_message(
    id: RowId,
    changes: ContactUpdate,
    db: DbWrite,
    contact: ContactDep,
    _admin: AdminUser,
    if_match: IfMatch,
    answer: AnswerDep,
) -> ContactView:
    """Mark it as read or new, put it away, or say whether it is spam."""
    return answer.versioned(await contact.update(db, id, changes, if_match))


@router.delete("/messages/{id}", status_code=204, responses=CHANGE)
async def delete_contact_message(
    id: RowId, db: DbWrite, contact: ContactDep, _admin: AdminUser, if_match: IfMatch
) -> None:
    """For good, with its replies."""
    await contact.delete(db, id, if_match)


@router.post(
    "/messages/{id}/reply", response_model=ContactReplyRead, status_code=201, responses=ONE
)
async def reply_to_contact_message(
    id: RowId,
    data: ContactReplyCreate,
    db: DbWrite,
    contact: ContactDep,
    admin: AdminUser,
    answer: AnswerDep,
) -> ContactReply:
    """Mail an answer to who wrote; it stands with the message from then on."""
    reply = await contact.reply(db, id, data, admin)
    answer.response.headers["Location"] = answer.request.url_for("get_contact_message", id=id).path
    return reply
