"""Time-based one-time passwords as authenticator apps make them: SHA-1, 30 seconds, 6 digits."""

import io
from datetime import datetime

import pyotp
import segno

LONGEST_ISSUER = 50  # characters: more would fill the QR code
_LABEL = "Code for an authenticator app"


def new_seed() -> str:
    """160 random bits in base32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def provisioning_uri(seed: str, account: str, issuer: str) -> str:
    """What an authenticator app reads: the Key URI Format."""
    totp = pyotp.TOTP(seed)
    return totp.provisioning_uri(name=account, issuer_name=issuer[:LONGEST_ISSUER])


def step_of(seed: str, code: str, now: datetime) -> int | None:
    """The time step that the code belongs to: this one or its neighbours (RFC 6238, 5.2)."""
    digits = code.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return pyotp.TOTP(seed).verify_and_get_timecode(digits, for_time=now, valid_window=1)
    except pyotp.OTPVerificationError:
        return None


def qr_svg(uri: str) -> str:
    """An SVG element that scales, dark on white whatever the page is, without script or reference."""
    drawn = io.BytesIO()
    code = segno.make(uri, micro=False)
    code.save(drawn, kind="svg", xmldecl=False, nl=False, omitsize=True, light="#fff", title=_LABEL)
    return drawn.getvalue().decode()
