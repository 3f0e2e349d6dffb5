"""Believes X-Forwarded-* from the proxies that the operator named, and from nobody else."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from portfolio.core.config import Network

_SECURE = {"http": "https", "ws": "wss"}


# Characters of an IPv6 address with brackets, zone, port and some room.
_LONGEST = 100


def address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a hop of X-Forwarded-For, with or without its port; None for no address."""
    return _address(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return (found.ipv4_mapped if isinstance(found, IPv6Address) else None) or found


def within(text: str, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of the networks."""
    found = address(text)
    return found is not None and any(found in network for network in networks)


class ProxiesMiddleware:
    """Sets client and scheme: the right-most hop that is no trusted proxy (ASVS 4.1.3)."""

    def __init__(self, app: ASGIApp, trusted: list[Network]) -> None:
        self.app = app
        self.trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            peer = scope.get("client")
            if peer and within(peer[0], self.trusted):
                self._believe(scope, peer[0])
        await self.app(scope, receive, send)

    def _believe(self, scope: Scope, peer: str) -> None:
        hops: list[str] = []
        scheme = b""
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                hops += value.decode("latin-1").split(",")
            elif name == b"x-forwarded-proto":
                scheme = value.rpartition(b",")[2].strip().lower()
        client = peer
        for hop in reversed(hops):
            found = address(hop)
            if found is None:
                break
            client = str(found)
            if not within(client, self.trusted):
                break
        if client != peer:
            scope["client"] = (client, 0)
        if scheme == b"https":
            scope["scheme"] = _SECURE.get(scope["scheme"], scope["scheme"])
