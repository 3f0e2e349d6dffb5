"""Answers only to names that are ours: a Host that is unknown, malformed or doubled is a 400."""

import re
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from portfolio.api.problem import problem
from portfolio.core.errors import BadRequestException

# RFC 3986, 3.2.2, without the characters that only make sense in an attack.
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_-][a-z0-9._-]*)(?::\d{1,5})?", re.IGNORECASE)
# A name of 253 characters, its dot and a port. What is longer is not worth remembering either.
_LONGEST = 260


class Hosts:
    """`allowed` holds names, `*.example.com` for subdomains, or `*` for any well-formed name.

    X-Forwarded-Host is never used, and refused where Host would be.
    """

    def __init__(self, allowed: list[str]) -> None:
        self._any = "*" in allowed
        self._names = {name.lower() for name in allowed if not name.startswith("*")}
        self._suffixes = tuple(name[1:].lower() for name in allowed if name.startswith("*."))
        self._known = lru_cache(maxsize=256)(self._check)

    def welcome(self, scope: Scope) -> bool:
        hosts = 0
        for name, value in scope["headers"]:
            if name == b"host":
                hosts += 1
                if not self._accepts(value):
                    return False
            elif name == b"x-forwarded-host" and not all(
                self._accepts(part.strip()) for part in value.split(b",")
            ):
                return False
        return hosts == 1

    def _accepts(self, value: bytes) -> bool:
        return len(value) <= _LONGEST and self._known(value)

    def _check(self, value: bytes) -> bool:
        match = _HOST.fullmatch(value.decode("latin-1"))
        if not match:
            return False
        name = match["name"].lower().rstrip(".")
        return self._any or name in self._names or name.endswith(self._suffixes)


class HostsMiddleware:
    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self.app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._hosts.welcome(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "Unknown host"})
        else:
            # The CORS layer further in does not see this answer.
            refused = problem(
                BadRequestException,
                "The Host header does not name this server; check the address",
                headers={"Vary": "Origin"},
            )
            await refused(scope, receive, send)
