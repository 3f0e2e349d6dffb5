"""Stops reading a body that is larger than its route takes."""

import asyncio
from contextlib import suppress

from starlette.middleware.body_limit import RequestBodyLimitMiddleware, RequestBodyLimitResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# How much of such a body is read and dropped after its answer, and for how many seconds.
COURTESY, PATIENCE = 32 * 1024 * 1024, 10


class BodyLimitMiddleware(RequestBodyLimitMiddleware):
    """Counts Content-Length and the bytes as they come; 413 beyond `max_body_size`.

    A route with its own `max_body_size` overrides it. The error is an HTTPException, so that it
    gets our error body. Any answer to a body that may be longer than that ends the connection.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            is_chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
            await _Responder(self.app, self.max_body_size, is_chunked)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class _Responder(RequestBodyLimitResponder):
    def __init__(self, app: ASGIApp, max_body_size: int, is_chunked: bool) -> None:
        super().__init__(app, max_body_size)
        self._may_be_endless = is_chunked

    async def receive_with_limit(self) -> Message:
        message = await super().receive_with_limit()
        self._may_be_endless = self._may_be_endless and message.get("more_body", False)
        return message

    async def send_with_limit(self, message: Message) -> None:
        # Starlette's own would put a plain-text 413 in the place of any answer to a body that is
        # too long, a 404 and our own 413 included.
        self.response_started = True
        if self._may_be_endless or (self.content_length or 0) > self.max_body_size:
            message = await self._part(message)
        await self.send(message)

    async def _part(self, message: Message) -> Message:
        """Or the server would read on for as long as something comes."""
        if message["type"] == "http.response.start":
            return {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        if message["type"] == "http.response.body" and not message.get("more_body"):
            await self.send({**message, "more_body": True})
            # Who listens only when all is said would find the connection broken, and no answer.
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._hear_out()
            return {"type": "http.response.body"}
        return message

    async def _hear_out(self) -> None:
        heard = 0
        while heard < COURTESY:
            message = await self.receive()
            heard += len(message.get("body", b""))
            if not message.get("more_body"):
                return
