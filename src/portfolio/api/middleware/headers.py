"""Headers that keep browsers from doing more with an answer than reading it (ASVS 3.4)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    # Front ends live on other origins; CORS decides who may read, this only lets them embed.
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_HTTPS = [*_ALWAYS, (b"strict-transport-security", b"max-age=63072000; includeSubDomains")]


class SecurityHeadersMiddleware:
    """Adds to every answer what it did not set itself; HSTS where the caller came by https."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        ours = _HTTPS if scope["scheme"] == "https" else _ALWAYS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in ours if header[0] not in own),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)
