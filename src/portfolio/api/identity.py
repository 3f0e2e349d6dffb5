"""Who is asking: identities as types in a signature."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.context import current
from portfolio.core.errors import (
    InsufficientScopeException,
    ReauthenticationRequiredException,
    UnauthorizedException,
)
from portfolio.core.security import digest
from portfolio.models.credentials import Scope
from portfolio.models.identity import Identity
from portfolio.models.users import User
from portfolio.services import policy
from portfolio.services.api_tokens import PREFIX
from portfolio.services.comments import Writer
from portfolio.wiring import Services

# Declared in the schema by openapi.py: as dependencies they would cost on every read.
SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The access_token of a login, or an API token",
    },
    "password": {
        "type": "oauth2",
        "description": "E-mail or user name, and password",
        "flows": {"password": {"tokenUrl": "/api/v1/auth/token", "scopes": {}}},
    },
}


async def bearer_token(request: Request) -> str | None:
    """The token that was sent (RFC 6750, 2.1). Raises UnauthorizedException for anything else."""
    sent = request.headers.get("Authorization")
    if sent is None:
        return None
    scheme, _, token = sent.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthorizedException("Send `Authorization: Bearer` and an access token")
    return token.strip()


async def get_caller(request: Request) -> Identity | None:
    """Who asks, if anyone is named. Raises UnauthorizedException for a token that is not valid."""
    token = await bearer_token(request)
    if token is None:
        return None
    services: Services = request.app.state.services
    who = services.api_tokens if token.startswith(PREFIX) else services.sessions
    async with services.database.reading() as db:
        identity = await who.identity(db, token)
    if who is services.api_tokens:
        # From now on it has a budget of its own, in place of its client's.
        services.limits.tokens.add(digest(token))
    current().actor_id = identity.user.id
    return identity


Caller = Annotated[Identity | None, Depends(get_caller)]


async def get_viewer(request: Request, caller: Caller) -> User | None:
    """Who reads; an admin who is not protected well enough reads what strangers read.

    Raises InsufficientScopeException for a token that may not.
    """
    if caller is None:
        return None
    user = _within(caller, Scope.CONTENT_READ).user
    return None if policy.is_too_weak(caller, production=_in_production(request)) else user


Viewer = Annotated[User | None, Depends(get_viewer)]


async def get_sees_waiting(caller: Caller, viewer: Viewer) -> bool:
    """Whether the caller reads comments that others wait for; a token needs comments:moderate."""
    return (
        caller is not None
        and viewer is not None
        and viewer.is_admin
        and caller.may(Scope.COMMENTS_MODERATE)
    )


SeesWaiting = Annotated[bool, Depends(get_sees_waiting)]


async def get_current_identity(caller: Caller) -> Identity:
    """Raises UnauthorizedException where nobody is signed in, ForbiddenException for API tokens."""
    if caller is None:
        raise UnauthorizedException
    if caller.session is None:
        raise InsufficientScopeException("This is for people: sign in; an API token cannot do it")
    return caller


CurrentIdentity = Annotated[Identity, Depends(get_current_identity)]


async def get_current_user(identity: CurrentIdentity) -> User:
    return identity.user


CurrentUser = Annotated[User, Depends(get_current_user)]


async def get_fresh_identity(identity: CurrentIdentity) -> Identity:
    """Raises ReauthenticationRequiredException after five minutes."""
    if not identity.is_fresh(utc_now()):
        raise ReauthenticationRequiredException(
            "Prove again who you are: POST /api/v1/me/reauthenticate, then repeat this"
        )
    return identity


FreshIdentity = Annotated[Identity, Depends(get_fresh_identity)]


def admin_with(scope: Scope) -> Callable[..., Coroutine[Any, Any, User]]:
    """A dependency: an admin who is protected well enough, and a token that goes this far."""

    async def get_admin(request: Request, caller: Caller) -> User:
        """Raises UnauthorizedException, ForbiddenException and TwoFactorRequiredException."""
        if caller is None:
            raise UnauthorizedException
        policy.require_admin(caller.user)
        _within(caller, scope)
        policy.require_strong(caller, production=_in_production(request))
        return caller.user

    return get_admin


get_admin, get_editor = admin_with(Scope.ADMIN), admin_with(Scope.CONTENT_WRITE)
AdminUser = Annotated[User, Depends(get_admin)]
Editor = Annotated[User, Depends(get_editor)]


get_moderator = admin_with(Scope.COMMENTS_MODERATE)
Moderator = Annotated[User, Depends(get_moderator)]


async def get_writer_or_guest(request: Request, caller: Caller) -> Writer | None:
    """Who comments; None for a guest. Raises InsufficientScopeException for API tokens.

    But for those that moderate: no other script writes in somebody's name.
    """
    if caller is None:
        return None
    if caller.session is None:
        _within(caller, Scope.COMMENTS_MODERATE)
    weak = policy.is_too_weak(caller, production=_in_production(request))
    return Writer(
        caller.user,
        moderates=caller.user.is_admin and not weak,
        fresh=caller.session is None or caller.is_fresh(utc_now()),
    )


WriterOrGuest = Annotated[Writer | None, Depends(get_writer_or_guest)]


async def get_writer(writer: WriterOrGuest) -> Writer:
    """Raises UnauthorizedException, and what get_writer_or_guest() raises."""
    if writer is None:
        raise UnauthorizedException
    return writer


CurrentWriter = Annotated[Writer, Depends(get_writer)]

# Each of these refuses whoever is not signed in.
DEMANDING = {get_current_identity, get_admin, get_editor, get_moderator, get_writer}


async def get_fresh_admin(_admin: AdminUser, identity: FreshIdentity) -> Identity:
    """Raises what AdminUser and FreshIdentity raise."""
    return identity


FreshAdmin = Annotated[Identity, Depends(get_fresh_admin)]


async def get_fresh_moderator(moderator: Moderator, caller: Caller) -> User:
    """Raises what Moderator raises, and ReauthenticationRequiredException after five minutes.

    Not for API tokens: whoever made one had just proved who they are.
    """
    if caller is not None and caller.session is not None:
        await get_fresh_identity(caller)
    return moderator


FreshModerator = Annotated[User, Depends(get_fresh_moderator)]


async def get_token_maker(request: Request, identity: FreshIdentity) -> Identity:
    """Raises what FreshIdentity raises, and TwoFactorRequiredException for admins.

    A token made by whoever guessed a short password would outlive the second factor that is added.
    """
    policy.require_strong(identity, production=_in_production(request))
    return identity


TokenMaker = Annotated[Identity, Depends(get_token_maker)]


def _in_production(request: Request) -> bool:
    services: Services = request.app.state.services
    return services.settings.server.production


def _within(caller: Identity, scope: Scope) -> Identity:
    if not caller.may(scope):
        raise InsufficientScopeException(f"The API token lacks the scope {scope}")
    return caller


async def sign_in_session(request: Request) -> AsyncIterator[AsyncSession]:
    """A transaction that looks at no Authorization header and keeps no answer for a repetition.

    An expired token must not stand in the way of a new one, and tokens are never stored. Nothing
    has happened in it when the endpoint begins, so a slow hash may come first.
    """
    services: Services = request.app.state.services
    async with services.database.transaction() as db:
        yield db


SignInDb = Annotated[AsyncSession, Depends(sign_in_session, scope="function")]
