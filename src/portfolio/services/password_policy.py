"""Which passwords are taken, and their hashes."""

import importlib
from functools import cache

from portfolio.adapters.hashing import PasswordHashing
from portfolio.core.errors import InvalidInputException
from portfolio.core.security import MIN_PASSWORD
from portfolio.core.text import fold


class PasswordPolicy:
    """Length counts and being known counts; which characters it has does not (NIST SP 800-63B-4)."""

    def __init__(self, hashing: PasswordHashing, site_name: str, min_length: int) -> None:
        self._hashing = hashing
        self._site_name = fold(site_name)
        self._min_length = min_length

    async def hash(
        self, password: str, *, email: str, username: str, field: str = "password"
    ) -> str:
        """Slow: call it while no connection is held. Raises InvalidInputException."""
        self._require_good(password, email, username, field)
        return await self._hashing.hash(password)

    def _require_good(self, password: str, email: str, username: str, field: str) -> None:
        if len(password) < self._min_length:
            raise InvalidInputException.of(
                field, f"use {self._min_length} characters at least", "string_too_short"
            )
        known = fold(password)
        local_part, _, _ = email.rpartition("@")
        if known in {email, local_part, username, self._site_name}:
            raise InvalidInputException.of(
                field, "must not be your name, your e-mail or the site's name", "guessable"
            )
        if known in _common():
            raise InvalidInputException.of(
                field, "is one of the most common passwords; choose another", "common"
            )


@cache
def _common() -> frozenset[str]:
    """The passwords that leaks hold most often: 11,600 that would be long enough."""
    lists = importlib.import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS
    return frozenset(word for word in lists["passwords"] if len(word) >= MIN_PASSWORD)
