"""What makes an account, and the first one from the environment."""

import asyncio
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from portfolio.adapters.hashing import PasswordHashing
from portfolio.core.config import SecuritySettings
from portfolio.core.environment import SettingsError
from portfolio.core.errors import InvalidInputException
from portfolio.core.security import PasswordHasher
from portfolio.db.repositories.audit import AuditRepository
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.models.users import Role, User
from portfolio.services.audit import AuditService
from portfolio.services.audit.proofs import AuditProofs
from portfolio.services.password_policy import PasswordPolicy
from portfolio.services.users import UserService, account
from portfolio.wiring import Services

EMAIL, PASSWORD = "Owner@Example.com", "a good one!"


@pytest.fixture
def users() -> Iterator[UserService]:
    hashing = PasswordHashing(PasswordHasher("p" * 32, 4))
    passwords = PasswordPolicy(hashing, "Ada's Notebook", 8)
    audit = AuditService(AuditRepository(), AuditProofs(["k" * 32]))
    yield UserService(UserRepository(), ProfileRepository(), passwords, audit)
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


async def admins(services: Services) -> int:
    async with services.database.reading() as db:
        count = select(func.count(User.id)).where(User.role == Role.ADMIN)
        return (await db.execute(count)).scalar_one()


def configured(email: str, password: str) -> SecuritySettings:
    return SecuritySettings(admin_email=email, admin_password=SecretStr(password))


class TestEnsureFirstAdmin:
    @staticmethod
    async def _ensure(services: Services, settings: SecuritySettings) -> User | None:
        async with services.database.transaction() as db:
            return await services.users.ensure_first_admin(db, settings)

    async def test_makes_them_once(self, services: Services) -> None:
        made = await self._ensure(services, configured(EMAIL, PASSWORD))
        assert made is not None
        assert (made.email, made.username, made.role) == ("owner@example.com", "owner", Role.ADMIN)
        assert await self._ensure(services, configured(EMAIL, "another one")) is None
        async with services.database.reading() as reader, services.database.transaction() as db:
            assert await services.auth.login(reader, db, "owner", PASSWORD)

    async def test_makes_nobody_where_nothing_is_configured(self, services: Services) -> None:
        assert await self._ensure(services, SecuritySettings()) is None
        assert await admins(services) == 0

    async def test_makes_one_when_several_processes_start(self, services: Services) -> None:
        await asyncio.gather(
            *(self._ensure(services, configured(EMAIL, PASSWORD)) for _ in range(5))
        )
        assert await admins(services) == 1

    @pytest.mark.parametrize(
        ("email", "password", "variable"),
        [
            ("no address", PASSWORD, "ADMIN_EMAIL"),
            ("owner@example.com", "short", "ADMIN_PASSWORD"),
            ("longlonglong@example.com", "longlonglong", "ADMIN_PASSWORD"),
        ],
    )
    async def test_names_the_variable_that_is_wrong(
        self, services: Services, email: str, password: str, variable: str
    ) -> None:
        with pytest.raises(SettingsError) as refusal:
            await self._ensure(services, configured(email, password))
        assert [line.partition(":")[0] for line in refusal.value.lines] == [variable]

    async def test_never_promotes_an_account_that_is_there(
        self, services: Services, user: User
    ) -> None:
        with pytest.raises(SettingsError):
            await self._ensure(services, configured("reader@example.com", PASSWORD))
        assert await admins(services) == 0
