"""What must be read again, and yet lies in no database in clear: TOTP seeds, mail that waits."""

import base64
from functools import cached_property
from typing import TYPE_CHECKING

from portfolio.core.lazy import LazyModule

if TYPE_CHECKING:
    from cryptography import fernet
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf import hkdf
else:
    fernet = LazyModule("cryptography.fernet")
    hashes = LazyModule("cryptography.hazmat.primitives.hashes")
    hkdf = LazyModule("cryptography.hazmat.primitives.kdf.hkdf")


class SealBrokenError(Exception):
    """Sealed with a key that is gone, or altered."""


class Sealer:
    """Fernet (AES-128-CBC, HMAC-SHA256) under keys derived from the signing keys (RFC 5869).

    The first key seals; the others, while keys are rotated, only open. What was sealed for another
    `use` does not open.
    """

    def __init__(self, keys: list[str], use: str = "sealing") -> None:
        self._keys = keys
        self._use = use

    def seal(self, text: str) -> str:
        return self._box.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises SealBrokenError."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except fernet.InvalidToken as error:
            raise SealBrokenError from error

    @cached_property
    def _box(self) -> "fernet.MultiFernet":
        return fernet.MultiFernet([fernet.Fernet(_derived(key, self._use)) for key in self._keys])


def _derived(key: str, use: str) -> bytes:
    info = f"portfolio {use}".encode()
    own = hkdf.HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info)
    return base64.urlsafe_b64encode(own.derive(key.encode()))
