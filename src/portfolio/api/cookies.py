"""The one cookie: it tells a browser that is known from others, and opens nothing."""

from typing import Annotated, TypeVar

from fastapi import Depends, Request, Response

from portfolio.core.security import DeviceTokens
from portfolio.services.sessions import Login
from portfolio.services.two_factor import Challenge

DEVICE = "__Host-device"


Outcome = TypeVar("Outcome", bound=Login | Challenge)


def remember_device(response: Response, login: Outcome) -> Outcome:
    """Known from now on, whoever else locks the account; nothing happens before a full login."""
    if isinstance(login, Login) and login.device_token is not None:
        response.set_cookie(
            DEVICE,
            login.device_token,
            max_age=int(DeviceTokens.LIFE.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",
        )
    return login


async def device_token(request: Request) -> str | None:
    return request.cookies.get(DEVICE)


DeviceToken = Annotated[str | None, Depends(device_token)]
