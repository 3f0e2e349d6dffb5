"""Gives each request an id and tells every layer below who is calling."""

import re
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portfolio.core.context import RequestContext, enter

_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class ContextMiddleware:
    """Enters a RequestContext and sends its id back as X-Request-ID.

    A client's own id is taken over where it is short and plain.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request_id = agent = b""
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                request_id = value
            elif name == b"user-agent":
                agent = value
        if not _ACCEPTABLE.fullmatch(request_id):
            request_id = uuid4().hex.encode()
        peer = scope.get("client")
        enter(
            RequestContext(
                request_id=request_id.decode(),
                client=peer[0] if peer else "-",
                agent=agent.decode("latin-1"),
            )
        )

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        await self.app(scope, receive, send_with_id)
