"""What makes an account, before a database is asked."""

from collections.abc import Iterator

import pytest

from portfolio.adapters.hashing import PasswordHashing
from portfolio.core.errors import InvalidInputException
from portfolio.core.security import PasswordHasher
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.services.users import UserService, account

PASSWORD = "a good one!"


@pytest.fixture
def users() -> Iterator[UserService]:
    hashing = PasswordHashing(PasswordHasher("p" * 32, 4))
    yield UserService(UserRepository(), ProfileRepository(), hashing, "Ada's Notebook")
    hashing.close()


class TestAccount:
    @pytest.mark.parametrize(
        ("email", "username"),
        [
            ("Ada.Lovelace@example.com", "ada.lovelace"),
            ("ada+blog@example.com", "ada-blog"),
            ("_ada_@example.com", "ada"),
            ("42@example.com", "owner"),
            ("a@example.com", "owner"),
            ("\u0430\u0434\u0430@example.com", "owner"),
            ("admin@localhost", "admin"),
            ("x" * 60 + "@example.com", "x" * 40),
        ],
    )
    def test_gets_a_user_name_from_its_e_mail(self, email: str, username: str) -> None:
        assert account(email, PASSWORD).username == username

    def test_keeps_the_user_name_that_was_given(self) -> None:
        assert account("ada@example.com", PASSWORD, "Countess").username == "countess"

    def test_is_the_same_in_any_spelling(self) -> None:
        assert account("\uff21DA@Example.COM", PASSWORD).email == "ada@example.com"

    def test_names_every_wrong_field_and_repeats_no_password(self) -> None:
        with pytest.raises(InvalidInputException) as refusal:
            account("nowhere", "s3cret", "x")
        fields = [error.field for error in refusal.value.errors]
        assert sorted(fields) == ["email", "password", "username"]
        assert "s3cret" not in str(refusal.value)


class TestHashOf:
    @pytest.mark.parametrize(
        "password",
        ["countess", "COUNTESS", "lovelace", "lovelace@example.com", "ada's notebook"],
    )
    async def test_refuses_what_the_account_says_anyway(
        self, users: UserService, password: str
    ) -> None:
        with pytest.raises(InvalidInputException) as refusal:
            await users.hash_of(account("lovelace@example.com", password, "countess"))
        assert refusal.value.errors[0].field == "password"

    async def test_takes_what_says_more(self, users: UserService) -> None:
        assert await users.hash_of(account("lovelace@example.com", "countess!", "countess"))
