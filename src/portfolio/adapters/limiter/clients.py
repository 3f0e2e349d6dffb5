"""Under which name a client's requests are counted."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from portfolio.core.context import current

_INTERFACE_BITS = 64


def client_key() -> str:
    """That of whoever sends the present request."""
    return bucket(current().client)


@lru_cache(maxsize=4096)
def bucket(client: str) -> str:
    """An IPv4 address as it is; of an IPv6 one the first 64 bits, which one subscriber owns."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return f"{IPv6Address(int(address) >> _INTERFACE_BITS << _INTERFACE_BITS)}/64"
        address = address.ipv4_mapped
    return str(address)
