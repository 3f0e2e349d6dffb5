"""Codes that people type: what is random in them, and what a typist may change."""

import secrets

CODES = 10
# Crockford's: without i, l, o and u, which are taken for others. 16 of them are 80 bits.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH, _GROUP = 16, 4
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", " ": None, "-": None})


def recovery_codes() -> list[str]:
    """Ten different ones of 80 bits each, such as k3v9-2m7q-0xfa-hh81."""
    codes: set[str] = set()
    while len(codes) < CODES:
        codes.add("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)))
    return ["-".join(_groups(code)) for code in codes]


def plain(code: str) -> str:
    """One form of a code, however it was typed: case, spaces, hyphens, o for 0, l for 1."""
    return code.lower().translate(_READ_AS)


def mail_code() -> str:
    """Six digits, each code as likely as any other."""
    return f"{secrets.randbelow(10**6):06d}"


def _groups(code: str) -> list[str]:
    return [code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP)]
