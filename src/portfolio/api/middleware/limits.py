"""Counts every request against whoever sends it, before anything is done for it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portfolio.adapters.limiter import LimitName, Limits, client_key
from portfolio.api.problem import refusal
from portfolio.core.errors import RateLimitedException
from portfolio.core.security import digest
from portfolio.services.api_tokens import PREFIX

# What counts once in a request stands here, so that doing it again counts no second time.
COUNTED = "portfolio.counted"
_GENERAL = {
    "GET": LimitName.READS,
    "HEAD": LimitName.READS,
    "POST": LimitName.WRITES,
    "PUT": LimitName.WRITES,
    "PATCH": LimitName.WRITES,
    "DELETE": LimitName.WRITES,
}
# Whoever asks these must get an answer when the site is busy most of all.
_PROBES = {"/health", "/health/live", "/health/ready", "/metrics"}


class LimitsMiddleware:
    """429 beyond `reads` and `writes`; tells in the RateLimit fields of each answer what is left.

    An API token has a budget in place of its client's, once it was found to be good: a token that
    nobody has checked yet counts against the client, so that made-up ones open no new budgets.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A handshake is a read; what comes after it, the connection counts.
        method = "GET" if scope["type"] == "websocket" else scope.get("method", "")
        name = _GENERAL.get(method)
        if name is None or scope["path"] in _PROBES:
            await self.app(scope, receive, send)
            return
        spending = self.limits.begin()
        scope[COUNTED] = set()
        token = self._known_token(scope)
        try:
            if token:
                await self.limits.hit(LimitName.API_TOKEN, token)
            else:
                await self.limits.hit(name, client_key())
        except RateLimitedException as error:
            await refusal(error)(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(message, spending.fields())
            await send(message)

        await self.app(scope, receive, send_with_fields)

    def _known_token(self, scope: Scope) -> str | None:
        """The digest of an API token that was found to be good a moment ago."""
        for name, value in scope["headers"]:
            if name == b"authorization":
                token = value.decode("latin-1").partition(" ")[2].strip()
                known = digest(token) if token.startswith(PREFIX) else ""
                return known if known in self.limits.tokens else None
        return None


def _add(message: Message, fields: list[tuple[bytes, bytes]]) -> None:
    headers = message["headers"]
    if fields and message["status"] == RateLimitedException.status:
        # The refusal of a limit further in carries its own.
        headers = [pair for pair in headers if not pair[0].startswith(b"ratelimit")]
    message["headers"] = [*headers, *fields]
