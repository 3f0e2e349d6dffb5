"""Turns whatever nobody expected into a 500 that gives nothing away."""

import structlog
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portfolio.api.errors import answer
from portfolio.core.errors import AppError

log = structlog.get_logger(__name__)


class FailuresMiddleware:
    """Stands inside the layers that add headers, so that a 500 has them too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except ClientDisconnect:
            log.debug("request.disconnected", path=scope["path"])
        except Exception as error:
            if not isinstance(error, AppError | HTTPException):
                log.exception("request.failed", method=scope["method"], path=scope["path"])
            if started:
                # Half an answer must not look like a whole one: the server cuts the connection.
                raise
            await answer(Request(scope), error)(scope, receive, send)
