"""`portfolio user`, on a database of its own."""

from pathlib import Path

import pytest
from tests.factories.audit import trail
from tests.factories.commands import there
from tests.factories.users import PASSWORD
from typer.testing import CliRunner, Result

from portfolio.cli.commands import app
from portfolio.core import logs
from portfolio.core.clock import utc_now
from portfolio.core.config import LoggingSettings
from portfolio.core.errors import AppError, InvalidCredentialsException, UnauthorizedException
from portfolio.models.audit import AuditEntry
from portfolio.models.two_factor import Method, SecondFactor
from portfolio.services.administration import UserView
from portfolio.services.sessions import Login
from portfolio.services.two_factor import Challenge
from portfolio.wiring import Services


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BCRYPT_COST", "4")
    monkeypatch.setenv("ENVIRONMENT", "test")


def run(*words: str, typed: str = "") -> Result:
    result = CliRunner().invoke(app, ["user", *words], input=typed)
    # The streams that it wrote to are closed.
    logs.configure(LoggingSettings(level="error"))
    return result


def said(*words: str, typed: str = "") -> str:
    result = run(*words, typed=typed)
    assert result.exit_code == 0, result.exception
    return result.stdout.strip()


def refusal(*words: str, typed: str = "") -> AppError:
    """What main() prints as one line, before it ends with 2."""
    error = run(*words, typed=typed).exception
    assert isinstance(error, AppError)
    return error


def create(name: str, *options: str) -> str:
    return said(
        "create", f"{name}@example.com", "--password-stdin", *options, typed=f"{PASSWORD}\n"
    )


def account(name: str) -> UserView:
    async def find(services: Services) -> UserView:
        async with services.database.reading() as db:
            return await services.administration.find(db, name)

    return there(find)


def entries() -> list[AuditEntry]:
    return there(lambda services: trail(services.database))


def log_in(name: str, password: str = PASSWORD) -> Login | Challenge:
    async def attempt(services: Services) -> Login | Challenge:
        database = services.database
        async with database.reading() as reader, database.transaction() as db:
            return await services.auth.login(reader, db, name, password)

    return there(attempt)


def is_signed_in(login: Login | Challenge) -> bool:
    async def check(services: Services) -> bool:
        assert isinstance(login, Login)
        async with services.database.reading() as db:
            try:
                await services.sessions.identity(db, login.access_token)
            except UnauthorizedException:
                return False
        return True

    return there(check)


@pytest.fixture
def owner() -> None:
    create("owner", "--admin")


@pytest.fixture
def reader(owner: None) -> None:
    create("reader")


class TestCreate:
    def test_makes_an_account(self) -> None:
        assert create("ada") == "Created user ada <ada@example.com>"
        assert create("owner", "--admin") == "Created admin owner <owner@example.com>"
        assert isinstance(log_in("ada"), Login)

    def test_refuses_a_second_one_of_the_name(self, reader: None) -> None:
        error = refusal("create", "reader@example.com", "--password-stdin", typed=f"{PASSWORD}\n")
        assert error.detail == "email: taken"

    def test_refuses_a_password_that_everybody_knows(self) -> None:
        error = refusal("create", "ada@example.com", "--password-stdin", typed="password\n")
        assert error.detail.startswith("password: ")

    def test_is_the_operators_doing(self, owner: None) -> None:
        entry = entries()[-1]
        assert (entry.action, entry.actor_id) == ("user:created", None)
        assert (entry.request_id, entry.address) == ("cli", "operator")


class TestList:
    def test_shows_all_with_what_is_special(self, reader: None) -> None:
        said("deactivate", "reader")
        first, second = said("list").splitlines()
        assert first.split() == ["1", "admin", "owner", "owner@example.com", "never"]
        assert second.split() == [
            "2",
            "user",
            "reader",
            "reader@example.com",
            "never",
            "deactivated",
        ]

    def test_says_nothing_where_there_is_nobody(self) -> None:
        assert said("list") == ""


class TestChange:
    def test_is_of_an_account_that_exists(self, owner: None) -> None:
        for command in (
            "promote",
            "demote",
            "deactivate",
            "activate",
            "unlock",
            "end-sessions",
            "reset-2fa",
        ):
            assert refusal(command, "nobody").detail == "No account is called nobody", command
        error = refusal("set-password", "nobody", "--password-stdin", typed=f"{PASSWORD}\n")
        assert error.detail == "No account is called nobody"

    def test_gives_and_takes_the_rights_of_an_admin(self, reader: None) -> None:
        assert said("promote", "Reader@Example.com") == "Reader@Example.com is an admin now"
        assert account("reader").role == "admin"
        assert said("demote", "reader") == "reader is no admin any more"
        assert account("reader").role == "user"
        assert [(entry.action, entry.changes) for entry in entries()[-2:]] == [
            ("user:role_changed", {"before": {"role": "user"}, "after": {"role": "admin"}}),
            ("user:role_changed", {"before": {"role": "admin"}, "after": {"role": "user"}}),
        ]

    @pytest.mark.requirement("41")
    def test_spares_the_last_active_admin(self, reader: None) -> None:
        for command in ("demote", "deactivate"):
            assert "last active admin" in refusal(command, "owner").detail
        assert account("owner").role == "admin"

    def test_closes_and_opens_an_account(self, reader: None) -> None:
        login = log_in("reader")
        assert said("deactivate", "reader").startswith("reader is deactivated")
        assert not is_signed_in(login)
        with pytest.raises(InvalidCredentialsException):
            log_in("reader")
        assert said("activate", "reader") == "reader is active"
        assert isinstance(log_in("reader"), Login)


class TestUnlock:
    def test_lets_them_try_again(self, reader: None) -> None:
        for _ in range(5):
            with pytest.raises(InvalidCredentialsException):
                log_in("reader", "wrong")
        assert account("reader").locked
        assert "locked" in said("list")
        assert said("unlock", "reader") == "reader can sign in again"
        assert isinstance(log_in("reader"), Login)
        assert "auth:unlocked" in [entry.action for entry in entries()]


class TestEndSessions:
    def test_signs_out_everywhere(self, reader: None) -> None:
        logins = [log_in("reader") for _ in range(2)]
        assert said("end-sessions", "reader") == "reader is signed out of 2 sessions"
        assert not any(is_signed_in(login) for login in logins)
        assert said("end-sessions", "reader") == "reader is signed out of 0 sessions"


class TestResetTwoFactor:
    def test_leaves_the_password_alone(self, reader: None) -> None:
        async def enrol(services: Services) -> None:
            async with services.database.transaction() as db:
                user = await services.administration.find(db, "reader")
                db.add(SecondFactor(user_id=user.id, method=Method.TOTP, confirmed_at=utc_now()))

        there(enrol)
        assert isinstance(log_in("reader"), Challenge)
        assert said("reset-2fa", "reader").startswith("reader signs in with the password alone")
        assert isinstance(log_in("reader"), Login)
        assert "two_factor:reset" in [entry.action for entry in entries()]


class TestSetPassword:
    NEW = "an entirely different one"

    def test_ends_what_the_old_one_opened(self, reader: None) -> None:
        login = log_in("reader")
        answer = said("set-password", "reader", "--password-stdin", typed=f"{self.NEW}\n")
        assert answer == "reader has a new password, and is signed out everywhere"
        assert not is_signed_in(login)
        with pytest.raises(InvalidCredentialsException):
            log_in("reader")
        assert isinstance(log_in("reader", self.NEW), Login)

    def test_is_asked_for_twice(self, reader: None) -> None:
        said("set-password", "reader", typed=f"{self.NEW}\n{self.NEW}\n")
        assert isinstance(log_in("reader", self.NEW), Login)

    def test_is_the_operators_doing(self, reader: None) -> None:
        said("set-password", "reader", "--password-stdin", typed=f"{self.NEW}\n")
        (entry,) = [entry for entry in entries() if entry.action == "user:password_reset"]
        assert (entry.actor_id, entry.address) == (None, "operator")
        assert self.NEW not in str(entry.changes)

    def test_refuses_a_weak_one(self, reader: None) -> None:
        error = refusal("set-password", "reader", "--password-stdin", typed="reader\n")
        assert error.detail.startswith("password: ")
        assert isinstance(log_in("reader"), Login)
