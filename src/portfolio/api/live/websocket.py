"""GET /api/v1/ws: live updates over a WebSocket (RFC 6455)."""

from time import perf_counter
from typing import Final

from starlette.types import Receive, Scope, Send

from portfolio.api.live.connection import Connection
from portfolio.api.live.cutting import cut_of
from portfolio.api.live.origins import Origins
from portfolio.api.middleware.access import log_connection, open_connections
from portfolio.api.problem import refusal
from portfolio.core.context import current
from portfolio.core.errors import AppError, ForbiddenException, UnauthorizedException
from portfolio.services.live.places import Place
from portfolio.wiring import Services

PATH: Final = "/api/v1/ws"
SUBPROTOCOL: Final = "portfolio.v1"
_BEARER = "bearer."


class LiveSocket:
    """The ASGI application behind the address. What it refuses before the handshake is a problem.

    A token comes in the first message, in `Authorization`, or as a subprotocol beside
    `portfolio.v1`; never in the address, which others write down.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._origins = Origins(services.settings.server)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with Place(self._services.connections, self._services.settings.live) as place:
            try:
                welcome = self._check(scope)
                token = _token_of(scope)
                place.take(current().client)
            except AppError as error:
                log_connection(PATH, error.status, 0)
                await refusal(error)(scope, receive, send)
                return
            await receive()  # That it wants to connect.
            chosen = SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None
            await send({"type": "websocket.accept", "subprotocol": chosen})
            started = perf_counter()
            connection = Connection(self._services, place, cut_of(scope), strangers=bool(welcome))
            code = 1006
            with open_connections("websocket"):
                try:
                    code = await connection.run(receive, send, token)
                finally:
                    log_connection(PATH, code, perf_counter() - started)

    def _check(self, scope: Scope) -> bool | None:
        """Whether a page that may has opened it; None for what is no browser."""
        if scope["query_string"]:
            raise ForbiddenException(
                "This address takes no parameters; send a token in the first message"
            )
        welcome = self._origins.welcome(scope)
        if welcome is False:
            raise ForbiddenException("Pages of this origin may not connect; see ALLOWED_ORIGINS")
        return welcome


def _token_of(scope: Scope) -> str | None:
    """What came with the handshake. Raises UnauthorizedException for another scheme."""
    for offered in scope["subprotocols"]:
        if offered.startswith(_BEARER):
            return str(offered.removeprefix(_BEARER))
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise UnauthorizedException("Send `Authorization: Bearer` and an access token")
            return str(token.strip())
    return None
