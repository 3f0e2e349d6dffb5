"""Passwords, tokens and digests: pure functions of keys, input and the clock."""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import bcrypt

from portfolio.core.clock import utc_now
from portfolio.core.errors import InvalidInputException, UnauthorizedException
from portfolio.core.lazy import LazyModule

if TYPE_CHECKING:
    import jwt
else:
    jwt = LazyModule("jwt")

MIN_PASSWORD, LONG_PASSWORD, MAX_PASSWORD = 8, 15, 256  # code points
MAX_COST = 16
BCRYPT_BYTES = 72
PEPPERED = "hmac-sha384"
BCRYPT = re.compile(r"\$2[abxy]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{53}", re.ASCII)
ALGORITHM = "HS256"
LEEWAY = timedelta(seconds=30)
ROW_ID = re.compile(r"[0-9]{1,19}", re.ASCII)


def random_token() -> str:
    """256 random bits, in 43 characters that are safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored of a random token: SHA-256 in hex. Looked up, so never compared byte by byte."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Derivation:
    """Secrets made of others under a key of ours: nobody else finds one from the other."""

    def __init__(self, key: str, use: str) -> None:
        self._key = hmac.digest(key.encode(), use.encode(), "sha256")

    def of(self, secret: str) -> str:
        """256 bits, in 43 characters that are safe in a URL; the same for the same secret."""
        made = hmac.digest(self._key, secret.encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


class PasswordHasher:
    """bcrypt over base64(hmac-sha384(pepper, password)): every byte counts, no NUL ends it.

    Hashes of that form start with "hmac-sha384"; plain bcrypt from elsewhere is verified too.
    """

    def __init__(self, pepper: str, cost: int) -> None:
        self._pepper = pepper.encode()
        self._cost = cost

    def hash(self, password: str) -> str:
        """Raises InvalidInputException, without hashing, for more than 256 code points."""
        if len(password) > MAX_PASSWORD:
            raise InvalidInputException.of(
                "password", f"use {MAX_PASSWORD} characters at most", "string_too_long"
            )
        return PEPPERED + bcrypt.hashpw(self._mixed(password), self._salt()).decode()

    def verify(self, password: str, hashed: str) -> bool:
        """False also for what is no hash, or one that would take minutes."""
        scheme, plain = self._parts(hashed)
        if len(password) > MAX_PASSWORD or self._cost_of(plain) > MAX_COST:
            return False
        secret = self._mixed(password) if scheme else _encoded(password)[:BCRYPT_BYTES]
        try:
            return bcrypt.checkpw(secret, plain.encode())
        except ValueError:
            return False

    def needs_rehash(self, hashed: str) -> bool:
        scheme, plain = self._parts(hashed)
        return not scheme or self._cost_of(plain) != self._cost

    def decoy(self) -> str:
        """A hash that no password has, and that takes as long to verify as any other."""
        return PEPPERED + self._salt().decode() + "." * 31

    def _salt(self) -> bytes:
        return bcrypt.gensalt(self._cost)

    def _mixed(self, password: str) -> bytes:
        return base64.b64encode(hmac.digest(self._pepper, _encoded(password), "sha384"))

    def _parts(self, hashed: str) -> tuple[bool, str]:
        return hashed.startswith(PEPPERED), hashed.removeprefix(PEPPERED)

    def _cost_of(self, plain: str) -> int:
        match = BCRYPT.fullmatch(plain)
        return int(match["cost"]) if match else MAX_COST + 1


def _encoded(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


class SignedTokens:
    """JWTs for one purpose (RFC 8725): one algorithm, own `typ` and `aud`, keys chosen by `kid`.

    The first key signs; the others, while keys are rotated, only verify.
    """

    def __init__(self, keys: list[str], issuer: str, audience: str, typ: str) -> None:
        self._keys = {_key_id(key): key for key in keys}
        self._kid = _key_id(keys[0])
        self._issuer = issuer
        self._audience = audience
        self._typ = typ

    def sign(self, claims: dict[str, Any], expires_at: datetime) -> str:
        now = utc_now()
        everything = {
            **claims,
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "nbf": now,
            "exp": expires_at,
            "jti": secrets.token_urlsafe(16),
        }
        headers = self._headers(self._kid)
        return jwt.encode(everything, self._keys[self._kid], ALGORITHM, headers=headers)

    def open(self, token: str) -> dict[str, Any]:
        """The claims. Raises UnauthorizedException for anything that is not exactly as we sign it."""
        try:
            header = jwt.get_unverified_header(token)
            kid = header["kid"]
            if header != self._headers(kid):
                raise jwt.InvalidTokenError
            return jwt.decode(
                token,
                self._keys[kid],
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={
                    "require": ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"],
                    "strict_aud": True,
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, KeyError, ValueError) as error:
            raise _refused() from error

    def _headers(self, kid: str) -> dict[str, str]:
        # Nothing else may stand there: no `crit`, no address or key of the sender's choice.
        return {"alg": ALGORITHM, "typ": self._typ, "kid": kid}


def _refused() -> UnauthorizedException:
    return UnauthorizedException("The token is not valid, or no longer")


def _key_id(key: str) -> str:
    return hmac.digest(key.encode(), b"kid", "sha256").hex()[:16]


@dataclass(frozen=True, slots=True)
class Access:
    """Whom an access token speaks for, and the login that it belongs to."""

    user_id: int
    sid: str


class AccessTokens:
    """Bearer tokens of a few minutes (RFC 9068). They count only while their session lives."""

    def __init__(self, keys: list[str], issuer: str, lifetime: timedelta) -> None:
        self.lifetime = lifetime
        self._tokens = SignedTokens(keys, issuer, f"{issuer}/api", "at+jwt")

    def issue(self, user_id: int, sid: str) -> str:
        return self._tokens.sign({"sub": str(user_id), "sid": sid}, utc_now() + self.lifetime)

    def check(self, token: str) -> Access:
        """Raises UnauthorizedException."""
        match self._tokens.open(token):
            case {"sub": str(subject), "sid": str(sid)} if ROW_ID.fullmatch(subject):
                return Access(int(subject), sid)
        raise _refused()

    def expiry_of(self, token: str) -> datetime:
        """Raises UnauthorizedException."""
        return datetime.fromtimestamp(self._tokens.open(token)["exp"], UTC)


class DeviceTokens:
    """What a browser keeps after a full login: it tells a known client, and opens nothing."""

    LIFE = timedelta(days=365)

    def __init__(self, keys: list[str], issuer: str) -> None:
        self._tokens = SignedTokens(keys, issuer, f"{issuer}/device", "device+jwt")

    def issue(self, user_id: int) -> str:
        claims = {"sub": str(user_id), "device": secrets.token_urlsafe(16)}
        return self._tokens.sign(claims, utc_now() + self.LIFE)

    def device_of(self, token: str | None, user_id: int) -> str | None:
        """The device, if the token is one of this account."""
        try:
            claims = self._tokens.open(token or "")
        except UnauthorizedException:
            return None
        return str(claims["device"]) if claims["sub"] == str(user_id) else None


class GuestTokens:
    """What tells one browser from others where nobody signed in: a random id, and our MAC of it."""

    LIFE = timedelta(days=365)

    def __init__(self, keys: list[str]) -> None:
        self._seals = [Derivation(key, "guest") for key in keys]

    @staticmethod
    def new() -> str:
        """The id of somebody who was never here."""
        return secrets.token_urlsafe(16)

    def issue(self, guest: str) -> str:
        return f"{guest}.{self._seals[0].of(guest)}"

    def guest_of(self, token: str | None) -> str | None:
        """The id in a token that we issued; None for anything else."""
        guest, _, sent = (token or "").partition(".")
        encoded = sent.encode("utf-8", "surrogatepass")
        known = [hmac.compare_digest(seal.of(guest).encode(), encoded) for seal in self._seals]
        return guest if any(known) else None


class PreviewTokens:
    """Tokens of links that show one unpublished entity to whoever has the link."""

    def __init__(self, keys: list[str], issuer: str) -> None:
        self._tokens = SignedTokens(keys, issuer, f"{issuer}/preview", "preview+jwt")

    def issue(self, entity_type: str, entity_id: int, expires_at: datetime) -> str:
        return self._tokens.sign({"sub": f"{entity_type}:{entity_id}"}, expires_at)

    def check(self, token: str) -> tuple[str, int]:
        """The entity's type and id. Raises UnauthorizedException."""
        entity_type, _, entity_id = str(self._tokens.open(token)["sub"]).partition(":")
        if not ROW_ID.fullmatch(entity_id):
            raise _refused()
        return entity_type, int(entity_id)
