"""Tokens that we sign, and all that only looks like one."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine

from portfolio.core.clock import utc_now
from portfolio.core.errors import UnauthorizedException
from portfolio.core.security import (
    Access,
    AccessTokens,
    PreviewTokens,
)

KEY, OLD_KEY, FOREIGN_KEY = "k" * 32, "o" * 32, "f" * 32
ISSUER = "https://example.com"
LIFE = timedelta(minutes=15)


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens([KEY], ISSUER, LIFE)


@pytest.fixture
def previews() -> PreviewTokens:
    return PreviewTokens([KEY], ISSUER)


def forged(
    token: str,
    claims: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
    key: str = KEY,
    algorithm: str = "HS256",
    without: str = "",
) -> str:
    """The token signed anew, with other claims and headers."""
    header = jwt.get_unverified_header(token) | {"alg": algorithm} | (headers or {})
    payload = jwt.decode(token, options={"verify_signature": False}) | (claims or {})
    payload.pop(without, None)
    return jwt.PyJWS().encode(json.dumps(payload).encode(), key, algorithm, header)


class TestAccessToken:
    def test_names_the_user_and_the_session(self, tokens: AccessTokens) -> None:
        assert tokens.check(tokens.issue(7, "a-session")) == Access(7, "a-session")

    def test_carries_all_claims(self, tokens: AccessTokens) -> None:
        token = tokens.issue(7, "a-session")
        claims = jwt.decode(token, options={"verify_signature": False})
        assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"}
        assert claims["sub"] == "7"
        assert claims["exp"] - claims["iat"] == LIFE.total_seconds()
        assert jwt.get_unverified_header(token).keys() == {"alg", "typ", "kid"}
        assert jwt.get_unverified_header(token)["typ"] == "at+jwt"

    def test_expires_with_a_leeway_of_half_a_minute(self, tokens: AccessTokens) -> None:
        with time_machine.travel(utc_now(), tick=False) as clock:
            token = tokens.issue(7, "a-session")
            clock.shift(LIFE + timedelta(seconds=29))
            assert tokens.check(token)
            clock.shift(timedelta(seconds=2))
            with pytest.raises(UnauthorizedException):
                tokens.check(token)

    def test_of_a_clock_slightly_ahead_is_taken(self, tokens: AccessTokens) -> None:
        with time_machine.travel(utc_now(), tick=False) as clock:
            token = tokens.issue(7, "a-session")
            clock.shift(timedelta(seconds=-29))
            assert tokens.check(token)
            clock.shift(timedelta(seconds=-2))
            with pytest.raises(UnauthorizedException):
                tokens.check(token)

    def test_can_be_forged_by_these_tests(self, tokens: AccessTokens) -> None:
        assert tokens.check(forged(tokens.issue(7, "s"))) == Access(7, "s")

    @pytest.mark.parametrize("claim", ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"])
    def test_without_a_claim_is_refused(self, tokens: AccessTokens, claim: str) -> None:
        with pytest.raises(UnauthorizedException):
            tokens.check(forged(tokens.issue(7, "s"), without=claim))

    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "https://elsewhere.example"},
            {"aud": "https://elsewhere.example"},
            {"aud": [f"{ISSUER}/api", "https://elsewhere.example"]},
            {"sub": 7},
            {"sub": "seven"},
            {"sub": "\u0667"},
            {"sub": "9" * 5000},
            {"sid": 7},
            {"sid": None},
            {"jti": 7},
            {"exp": "tomorrow"},
            {"exp": 1},
            {"exp": float("inf")},
            {"nbf": 99_999_999_999},
            {"iat": 99_999_999_999},
        ],
    )
    def test_with_a_foreign_claim_is_refused(
        self, tokens: AccessTokens, claims: dict[str, Any]
    ) -> None:
        with pytest.raises(UnauthorizedException):
            tokens.check(forged(tokens.issue(7, "s"), claims))

    @pytest.mark.parametrize(
        "headers",
        [
            {"typ": "JWT"},
            {"typ": "preview+jwt"},
            {"typ": ["at+jwt"]},
            {"kid": "unknown"},
            {"kid": "../../dev/null"},
            {"kid": "' OR 1=1 --"},
            {"kid": ""},
            {"crit": ["exp"], "exp": 1},
            {"crit": ["b64"], "b64": True},
            {"jku": "https://elsewhere.example/keys"},
            {"jwk": {"kty": "oct", "k": "Zm9v"}},
            {"x5u": "https://elsewhere.example/cert"},
            {"cty": "JWT"},
        ],
    )
    def test_with_a_foreign_header_is_refused(
        self, tokens: AccessTokens, headers: dict[str, Any]
    ) -> None:
        with pytest.raises(UnauthorizedException):
            tokens.check(forged(tokens.issue(7, "s"), headers=headers))

    @pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
    def test_of_another_algorithm_is_refused(self, tokens: AccessTokens, algorithm: str) -> None:
        long_key = "k" * 64
        strong = AccessTokens([long_key], ISSUER, LIFE)
        with pytest.raises(UnauthorizedException):
            strong.check(forged(strong.issue(7, "s"), key=long_key, algorithm=algorithm))

    @pytest.mark.parametrize("name", ["none", "None", "NONE", ""])
    def test_without_signature_is_refused(self, tokens: AccessTokens, name: str) -> None:
        _, payload, signature = tokens.issue(7, "s").split(".")
        header = jwt.get_unverified_header(tokens.issue(7, "s")) | {"alg": name}
        unsigned = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
        for end in ("", signature):
            with pytest.raises(UnauthorizedException):
                tokens.check(f"{unsigned}.{payload}.{end}")

    @pytest.mark.parametrize(
        "odd", ["", ".", "..", "a.b.c", "Bearer x", "\ud800", "é.é.é", "e30.e30.", "[" * 10_000]
    )
    def test_that_is_none_is_refused(self, tokens: AccessTokens, odd: str) -> None:
        with pytest.raises(UnauthorizedException):
            tokens.check(odd)

    def test_of_another_key_is_refused(self, tokens: AccessTokens) -> None:
        foreign = AccessTokens([FOREIGN_KEY], ISSUER, LIFE).issue(7, "s")
        with pytest.raises(UnauthorizedException):
            tokens.check(foreign)
        ours = jwt.get_unverified_header(tokens.issue(7, "s"))
        with pytest.raises(UnauthorizedException):
            tokens.check(forged(foreign, headers=ours, key=FOREIGN_KEY))

    def test_outlives_the_rotation_of_its_key(self) -> None:
        token = AccessTokens([OLD_KEY], ISSUER, LIFE).issue(7, "s")
        rotated = AccessTokens([KEY, OLD_KEY], ISSUER, LIFE)
        assert rotated.check(token) == Access(7, "s")
        assert AccessTokens([KEY], ISSUER, LIFE).check(rotated.issue(7, "s")) == Access(7, "s")

    def test_is_no_preview(self, tokens: AccessTokens, previews: PreviewTokens) -> None:
        with pytest.raises(UnauthorizedException):
            previews.check(tokens.issue(7, "s"))


class TestPreviewToken:
    def test_names_one_entity(self, previews: PreviewTokens) -> None:
        token = previews.issue("posts", 7, utc_now() + timedelta(days=1))
        assert previews.check(token) == ("posts", 7)

    def test_expires(self, previews: PreviewTokens) -> None:
        token = previews.issue("posts", 7, utc_now() - timedelta(minutes=1))
        with pytest.raises(UnauthorizedException):
            previews.check(token)

    def test_is_no_access_token(self, tokens: AccessTokens, previews: PreviewTokens) -> None:
        token = previews.issue("posts", 7, utc_now() + timedelta(days=1))
        with pytest.raises(UnauthorizedException):
            tokens.check(token)
