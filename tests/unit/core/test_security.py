"""Passwords as they are stored."""

import base64
import hashlib
import hmac

import bcrypt
import pytest

from portfolio.core.errors import InvalidInputException
from portfolio.core.security import (
    PasswordHasher,
    digest,
    random_token,
)

pytestmark = [pytest.mark.requirement("5"), pytest.mark.requirement("20")]

PEPPER = "p" * 32


@pytest.fixture
def hasher() -> PasswordHasher:
    return PasswordHasher(PEPPER, 4)


class TestHash:
    @pytest.mark.parametrize(
        "password",
        [
            "12345678",
            " spaces at both ends ",
            "pässwörd 🔑 ключ",
            "before\0after",
            "x" * 72,
            "x" * 73,
            "x" * 128,
            "🔑" * 256,
            "\ud800 a lone surrogate",
        ],
    )
    def test_verifies_the_password_that_it_was_made_from(
        self, hasher: PasswordHasher, password: str
    ) -> None:
        hashed = hasher.hash(password)
        assert hasher.verify(password, hashed)
        assert not hasher.verify(password[:-1], hashed)
        assert not hasher.verify(password[:-1] + "y", hashed)
        assert not hasher.verify(password + "x", hashed)
        assert len(hashed) <= 100

    def test_is_salted(self, hasher: PasswordHasher) -> None:
        assert hasher.hash("the same password") != hasher.hash("the same password")

    def test_is_bcrypt_over_an_hmac_with_the_pepper(self, hasher: PasswordHasher) -> None:
        hashed = hasher.hash("correct horse").removeprefix("hmac-sha384")
        mixed = hmac.digest(PEPPER.encode(), b"correct horse", "sha384")
        assert hashed.startswith("$2b$04$")
        assert bcrypt.checkpw(base64.b64encode(mixed), hashed.encode())

    def test_is_worthless_without_the_pepper(self, hasher: PasswordHasher) -> None:
        assert not PasswordHasher("q" * 32, 4).verify("a password", hasher.hash("a password"))

    def test_refuses_what_is_too_long_without_hashing(self) -> None:
        # A cost that does not exist fails as soon as anything is hashed.
        with pytest.raises(InvalidInputException):
            PasswordHasher(PEPPER, 99).hash("x" * 257)

    def test_needs_renewal_only_after_the_cost_changed(self, hasher: PasswordHasher) -> None:
        hashed = hasher.hash("a password")
        assert not hasher.needs_rehash(hashed)
        assert PasswordHasher(PEPPER, 5).needs_rehash(hashed)


class TestVerify:
    @pytest.mark.parametrize("password", ["imported!", "x" * 128, "naïve 🔑", ""])
    def test_takes_plain_bcrypt_and_asks_to_renew_it(
        self, hasher: PasswordHasher, password: str
    ) -> None:
        plain = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
        assert hasher.verify(password, plain)
        assert hasher.verify(password, plain.replace("$2b$", "$2y$"))
        assert not hasher.verify("wrong" + password, plain)
        assert hasher.needs_rehash(plain)

    @pytest.mark.parametrize(
        "odd",
        [
            "",
            "$2b$",
            "hmac-sha384",
            "hmac-sha384$2b$04$",
            "$2b$31$" + "." * 53,
            "$2b$99$" + "a" * 53,
            "$2b$04$" + "z" * 53,
            "$2b$04$" + "é" * 53,
            "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
            "\0" * 60,
        ],
    )
    def test_is_false_for_what_is_no_hash(self, hasher: PasswordHasher, odd: str) -> None:
        assert not hasher.verify("a password", odd)
        assert hasher.needs_rehash(odd)

    def test_is_false_for_what_is_too_long(self, hasher: PasswordHasher) -> None:
        plain = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
        assert not hasher.verify("x" * 257, plain)

    def test_works_on_a_decoy_as_on_any_hash_and_is_false(self, hasher: PasswordHasher) -> None:
        decoy = hasher.decoy()
        assert not hasher.needs_rehash(decoy)
        assert not hasher.verify("a password", decoy)


class TestRandomToken:
    def test_is_long_and_never_the_same(self) -> None:
        found = {random_token() for _ in range(1000)}
        assert len(found) == 1000
        assert {len(token) for token in found} == {43}

    def test_is_stored_as_its_sha256(self) -> None:
        assert digest("abc") == hashlib.sha256(b"abc").hexdigest()
