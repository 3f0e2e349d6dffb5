"""Who is asking: identities as types in a signature."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.context import current
from portfolio.core.errors import ForbiddenException, UnauthorizedException
from portfolio.models.users import User
from portfolio.wiring import Services

# Declared in the schema by openapi.py: as dependencies they would cost on every read.
SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access_token of a login",
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


BearerToken = Annotated[str | None, Depends(bearer_token)]


async def get_viewer(request: Request) -> User | None:
    """Who is signed in, if anyone. Raises UnauthorizedException for a token that is not valid."""
    token = await bearer_token(request)
    if token is None:
        return None
    services: Services = request.app.state.services
    async with services.database.reading() as db:
        user = await services.auth.authenticate(db, token)
    current().actor_id = user.id
    return user


Viewer = Annotated[User | None, Depends(get_viewer)]


async def get_current_user(viewer: Viewer) -> User:
    """Raises UnauthorizedException where nobody is signed in."""
    if viewer is None:
        raise UnauthorizedException
    return viewer


CurrentUser = Annotated[User, Depends(get_current_user)]


async def get_admin(user: CurrentUser) -> User:
    """Raises ForbiddenException for any other role."""
    if not user.is_admin:
        raise ForbiddenException("Only an admin may do this")
    return user


AdminUser = Annotated[User, Depends(get_admin)]


async def sign_in_session(request: Request) -> AsyncIterator[AsyncSession]:
    """A transaction that looks at no Authorization header and keeps no answer for a repetition.

    An expired token must not stand in the way of a new one, and tokens are never stored.
    """
    services: Services = request.app.state.services
    async with services.database.transaction() as db:
        yield db


SignInDb = Annotated[AsyncSession, Depends(sign_in_session, scope="function")]
