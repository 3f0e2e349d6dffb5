"""Guests: people without an account, told apart by a signed cookie that opens nothing else."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from portfolio.adapters.limiter import LimitName, client_key
from portfolio.api.identity import Caller
from portfolio.api.limits import count
from portfolio.core.errors import (
    ForbiddenException,
    InsufficientScopeException,
    UnauthorizedException,
)
from portfolio.core.security import GuestTokens
from portfolio.models.reactions import Person
from portfolio.wiring import Services

SECURE_COOKIE, PLAIN_COOKIE = "__Host-guest", "portfolio_guest"


async def get_known_person(request: Request, response: Response, caller: Caller) -> Person | None:
    """Whose own reactions are shown: those of the account, or of the guest."""
    response.headers["Vary"] = "Cookie"
    if caller is not None:
        return Person.account(caller.user.id)
    return _guest(request)


async def get_reacting_person(request: Request, response: Response, caller: Caller) -> Person:
    """Who reacts. A guest gets a cookie, the first time and for a year from each time.

    Raises UnauthorizedException where guests may not, ForbiddenException for API tokens and for
    pages of other sites, RateLimitedException.
    """
    person = await _known(request, caller)
    await _count(request, person)
    if person is not None and person.user_id is not None:
        return person
    if person is None:
        await count(request, LimitName.GUESTS, client_key())
        person = Person.guest(GuestTokens.new())
    _keep(request, response, person)
    return person


async def get_withdrawing_person(request: Request, caller: Caller) -> Person | None:
    """Who takes a reaction back; None for a guest who never gave one.

    Raises what get_reacting_person() raises.
    """
    person = await _known(request, caller)
    await _count(request, person)
    return person


KnownPerson = Annotated[Person | None, Depends(get_known_person)]
ReactingPerson = Annotated[Person, Depends(get_reacting_person)]
WithdrawingPerson = Annotated[Person | None, Depends(get_withdrawing_person)]


async def _known(request: Request, caller: Caller) -> Person | None:
    if caller is not None:
        if caller.session is None:
            raise InsufficientScopeException("People react: sign in; an API token cannot do it")
        return Person.account(caller.user.id)
    if not _services(request).settings.reactions.guests:
        raise UnauthorizedException
    _refuse_other_sites(request)
    return _guest(request)


async def _count(request: Request, person: Person | None) -> None:
    await count(request, LimitName.REACTIONS, person.key if person else client_key())


def _guest(request: Request) -> Person | None:
    services = _services(request)
    sent = request.cookies.get(_cookie(request))
    guest = services.guests.guest_of(sent) if services.settings.reactions.guests else None
    return Person.guest(guest) if guest is not None else None


def _keep(request: Request, response: Response, person: Person) -> None:
    response.set_cookie(
        _cookie(request),
        _services(request).guests.issue(person.guest_id),
        max_age=int(GuestTokens.LIFE.total_seconds()),
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


def _refuse_other_sites(request: Request) -> None:
    """A browser sends the cookie along, whichever page has it ask. Raises ForbiddenException."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if origin in _services(request).settings.server.allowed_origins:
        return
    # Before Sec-Fetch-Site, or over plain http, the Origin alone has to do; programs send neither.
    own = origin is None or urlsplit(origin).netloc == request.headers.get("Host")
    if not own if site is None else site not in {"same-origin", "none"}:
        raise ForbiddenException("Only pages of this site may do this; see ALLOWED_ORIGINS")


def _cookie(request: Request) -> str:
    return SECURE_COOKIE if _is_secure(request) else PLAIN_COOKIE


def _is_secure(request: Request) -> bool:
    # Behind a proxy that is not known as one, the request looks plain.
    return "https" in {
        request.url.scheme,
        urlsplit(_services(request).settings.server.address).scheme,
    }


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services
