"""Stops reading a body that is larger than its route takes."""

from starlette.middleware.body_limit import RequestBodyLimitMiddleware, RequestBodyLimitResponder
from starlette.types import Message, Receive, Scope, Send


class BodyLimitMiddleware(RequestBodyLimitMiddleware):
    """Counts Content-Length and the bytes as they come; 413 beyond `max_body_size`.

    A route with its own `max_body_size` overrides it. The error is an HTTPException, so that it
    gets our error body.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _Responder(self.app, self.max_body_size)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class _Responder(RequestBodyLimitResponder):
    async def send_with_limit(self, message: Message) -> None:
        # Starlette's own would put a plain-text 413 in the place of any answer to a body that is
        # too long, a 404 and our own 413 included.
        self.response_started = True
        await self.send(message)
