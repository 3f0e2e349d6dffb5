"""What must be read again, and yet lies in no database in clear: TOTP seeds, mail that waits."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealBrokenError(Exception):
    """Sealed with a key that is gone, or altered."""


class Sealer:
    """Fernet (AES-128-CBC, HMAC-SHA256) under keys derived from the signing keys (RFC 5869).

    The first key seals; the others, while keys are rotated, only open.
    """

    def __init__(self, keys: list[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in keys])

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises SealBrokenError."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise SealBrokenError from error


def _derived(key: str) -> bytes:
    own = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"portfolio sealing")
    return base64.urlsafe_b64encode(own.derive(key.encode()))
