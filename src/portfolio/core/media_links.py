"""Addresses of stored files: `/media/{key}`, for some time signed where strangers must not follow."""

import hmac
import re
from collections.abc import Sequence
from typing import Any

from portfolio.core.clock import utc_now
from portfolio.core.security import Derivation

PUBLIC_PATH = "/media/"
# A signature lasts for one to two of these: addresses stay the same for a while, for caches' sake.
_PERIOD = 300  # seconds
_KEY = r"[0-9a-f]{2}/[0-9a-f]{38}\.[0-9a-z]{2,5}"
_SIGNED = r"\?signed=\d{1,12}\.[\w-]{43}"
# Not within an address of another host.
_ADDRESS = re.compile(rf"(?<![\w.:%/-]){PUBLIC_PATH}({_KEY})(?:{_SIGNED})?", re.ASCII)
_SIGNATURE = re.compile(rf"({PUBLIC_PATH}{_KEY}){_SIGNED}", re.ASCII)
_TOKEN = re.compile(r"(\d{1,12})\.([\w-]{43})", re.ASCII)


def key_of(url: str) -> str | None:
    """The key in an address that begins with PUBLIC_PATH, signed or not; None for any other."""
    if not url.startswith(PUBLIC_PATH):
        return None
    return url.removeprefix(PUBLIC_PATH).partition("?")[0]


def keys_in(text: str) -> list[str]:
    """Those of all addresses of stored files in Markdown or HTML, each once."""
    return list(dict.fromkeys(_ADDRESS.findall(text)))


def unsigned(text: str) -> str:
    """The text with the addresses that stay; front ends write them in full, with a host."""
    return _SIGNATURE.sub(r"\1", text)


class MediaLinks:
    """The first key signs; the others, while keys are rotated, only verify."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._derivations = [Derivation(key, "media") for key in keys]

    def sign(self, key: str) -> str:
        """An address that works for five to ten minutes."""
        expires = (int(utc_now().timestamp()) // _PERIOD + 2) * _PERIOD
        return f"{PUBLIC_PATH}{key}?signed={expires}.{self._derivations[0].of(f'{key} {expires}')}"

    def seconds_left(self, key: str, token: str) -> int:
        """How long the signature still works; 0 for one that does not."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return 0
        expires, signature = match.groups()
        if not any(
            hmac.compare_digest(each.of(f"{key} {expires}"), signature)
            for each in self._derivations
        ):
            return 0
        return max(0, int(expires) - int(utc_now().timestamp()))

    def signed(self, answer: Any, name: str = "") -> Any:
        """Decoded JSON with each address of a stored file signed, in fields of HTML also inside.

        Markdown stays as it was written, even where it is nothing but an address.
        """
        match answer:
            case dict():
                return {key: self.signed(value, key) for key, value in answer.items()}
            case list():
                return [self.signed(value, name) for value in answer]
            case str() if name.endswith("markdown"):
                return answer
            case str() if name.endswith("html") or _ADDRESS.fullmatch(answer):
                return _ADDRESS.sub(lambda found: self.sign(found[1]), answer)
        return answer
