"""Whose pages may open a WebSocket: browsers ask nobody before they do (CWE-1385)."""

from urllib.parse import urlsplit

from starlette.types import Scope

from portfolio.core.config import ServerSettings

_SCHEMES = {"ws": "http", "wss": "https"}


class Origins:
    """Those of ALLOWED_ORIGINS, and of this server itself."""

    def __init__(self, settings: ServerSettings) -> None:
        own = urlsplit(settings.address)
        self._known = {*settings.allowed_origins, f"{own.scheme}://{own.netloc}"}

    def welcome(self, scope: Scope) -> bool | None:
        """None for a client that names none, which is no browser."""
        headers = dict(scope["headers"])
        sent = headers.get(b"origin")
        if sent is None:
            return None
        scheme = _SCHEMES.get(scope["scheme"], scope["scheme"])
        own = f"{scheme}://{headers.get(b'host', b'').decode('latin-1')}"
        return sent.decode("latin-1") in {*self._known, own}
