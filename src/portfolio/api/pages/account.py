"""The pages that links in mails lead to, where no front end has its own (ACCOUNT_URL).

Opening one changes nothing: programs that look through mail open links too.
"""

from html import escape
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Form as FormBody
from starlette.responses import Response

from portfolio.adapters.limiter import LimitName
from portfolio.api.deps import (
    AddressesDep,
    AuthDep,
    DbRead,
    GuestCommentsDep,
    OneTimeTokensDep,
    PasswordsDep,
    RegistrationDep,
)
from portfolio.api.identity import SignInDb
from portfolio.api.limits import limited
from portfolio.api.pages import fields
from portfolio.api.pages.forms import SUBMITTED, Form, page, router_of, to_site
from portfolio.api.route import place
from portfolio.core.config import Settings
from portfolio.models.credentials import Purpose
from portfolio.schemas.accounts import InvitationUse, LinkUse, PasswordReset
from portfolio.schemas.comments import ConfirmationUse

VERIFY = Form(
    title="Confirm your address",
    lead="Confirm it only if you have just registered here yourself.",
    button="Confirm the address",
    action="verify-email",
)
CONFIRM = Form(
    title="Confirm your new address",
    lead="From then on you sign in with it, and mail goes there.",
    button="Use this address",
    action="confirm-email",
)
RESET = Form(
    title="Choose a new password",
    lead="This signs you out everywhere.",
    button="Set the password",
    action="reset-password",
    fields=(fields.PASSWORD,),
)
UNLOCK = Form(
    title="Sign in again",
    lead="Somebody, perhaps you, failed to sign in too often. Was it not you? Then your password "
    "held; nothing else has to be done.",
    button="Unlock the account",
    action="unlock",
)
INVITE = Form(
    title="You are invited",
    lead="Make your account. This page works once.",
    button="Create the account",
    action="accept-invite",
    fields=(fields.EMAIL, fields.USERNAME, fields.DISPLAY_NAME, fields.PASSWORD),
)
COMMENT = Form(
    title="Confirm your comment",
    lead="Confirm it only if you have just written a comment here yourself.",
    button="Confirm the comment",
    action="confirm-comment",
)

PREFIX = "/account"
Token = Annotated[str, Query(max_length=100)]
Link = Annotated[LinkUse, FormBody()]


def router(settings: Settings) -> APIRouter:
    """`GET` and `POST` below PREFIX."""
    routes = APIRouter()
    for pages in (
        _address(settings, VERIFY, Purpose.VERIFY_EMAIL),
        _address(settings, CONFIRM, Purpose.CHANGE_EMAIL),
        _reset(settings),
        _unlock(settings),
        _invite(settings),
        _comment(settings),
    ):
        place(routes, pages)
    return routes


def _shown(form: Form, purpose: Purpose) -> APIRouter:
    """The form, for whoever has a link that works; what it sends is for the caller to take."""
    routes = router_of(form, PREFIX)

    @routes.get(f"/{form.action}")
    async def show(token: Token, db: DbRead, tokens: OneTimeTokensDep) -> Response:
        await tokens.holder(db, purpose, token)
        return form.page(200, {"token": token})

    return routes


def _address(settings: Settings, form: Form, purpose: Purpose) -> APIRouter:
    routes = _shown(form, purpose)

    @routes.post(f"/{form.action}", dependencies=SUBMITTED)
    async def submit(link: Link, db: SignInDb, addresses: AddressesDep) -> Response:
        await addresses.verify(db, link.token)
        return _done(settings, "Your address is confirmed. You can sign in with it.")

    return routes


def _reset(settings: Settings) -> APIRouter:
    routes = _shown(RESET, Purpose.RESET_PASSWORD)

    @routes.post(f"/{RESET.action}", dependencies=SUBMITTED)
    async def submit(
        form: Annotated[PasswordReset, FormBody()],
        reader: DbRead,
        db: SignInDb,
        passwords: PasswordsDep,
    ) -> Response:
        await passwords.reset(reader, db, form.token, form.password)
        return _done(settings, "Your password is changed. Sign in with the new one.")

    return routes


def _unlock(settings: Settings) -> APIRouter:
    routes = _shown(UNLOCK, Purpose.UNLOCK)

    @routes.post(f"/{UNLOCK.action}", dependencies=SUBMITTED)
    async def submit(link: Link, db: SignInDb, auth: AuthDep) -> Response:
        await auth.unlock(db, link.token)
        return _done(settings, "You can sign in again.")

    return routes


def _invite(settings: Settings) -> APIRouter:
    routes = router_of(INVITE, PREFIX)

    @routes.get(f"/{INVITE.action}")
    async def show(token: Token, db: DbRead, registration: RegistrationDep) -> Response:
        email = await registration.invited_address(db, token)
        return INVITE.page(200, {"token": token, "email": email or ""})

    @routes.post(f"/{INVITE.action}", dependencies=[*SUBMITTED, limited(LimitName.REGISTER)])
    async def submit(
        form: Annotated[InvitationUse, FormBody()], db: SignInDb, registration: RegistrationDep
    ) -> Response:
        made = await registration.register(db, form.registration())
        return _done(settings, f"{made.detail}.")

    return routes


def _comment(settings: Settings) -> APIRouter:
    routes = router_of(COMMENT, PREFIX)

    @routes.get(f"/{COMMENT.action}")
    async def show(
        token: Annotated[str, Query(max_length=1000)], guests: GuestCommentsDep
    ) -> Response:
        guests.check(token)
        return COMMENT.page(200, {"token": token})

    @routes.post(f"/{COMMENT.action}", dependencies=SUBMITTED)
    async def submit(
        form: Annotated[ConfirmationUse, FormBody()], db: SignInDb, guests: GuestCommentsDep
    ) -> Response:
        confirmed = await guests.confirm(db, form.token)
        return _done(settings, f"{confirmed.detail}.")

    return routes


def _done(settings: Settings, text: str) -> Response:
    return page(200, "All set", f"<p>{escape(text)}</p>{to_site(settings.site.url)}")
