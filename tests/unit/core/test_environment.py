import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portfolio.core import environment
from portfolio.core.config import ENV_FILE, Group, Settings
from portfolio.core.environment import SettingsError, load

SECRET = "s" * 32


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to start in, with no variable set."""
    monkeypatch.chdir(tmp_path)
    for group in Settings.model_fields.values():
        assert isinstance(group.annotation, type)
        assert issubclass(group.annotation, Group)
        monkeypatch.setitem(group.annotation.model_config, "env_file", ENV_FILE)
    return tmp_path


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def give(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return give


def complaints() -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load()
    assert str(refused.value) == "\n".join(refused.value.lines)
    return refused.value.lines


class TestLoad:
    def test_needs_nothing(self, folder: Path) -> None:
        settings = load()
        assert settings.server.port == 8000
        assert settings.database_url == f"sqlite+aiosqlite:///{folder / '.data' / 'portfolio.db'}"
        assert settings.security.secret_key
        assert not settings.server.production

    def test_reads_variables_and_the_file_of_which_variables_win(
        self, folder: Path, given: Callable[..., None]
    ) -> None:
        (folder / ".env").write_text("PORT=9000\nHOST=127.0.0.9\nSITE_NAME=\n")
        given(PORT="9001")
        settings = load()
        assert (settings.server.port, settings.server.host) == (
            9001,
            "127.0.0.9",
        )
        assert settings.site.name == "Portfolio"

    @pytest.mark.parametrize("name", ["SITE_URL", "FRONTEND_URL"])
    def test_knows_two_names_of_the_front_end(self, name: str, given: Callable[..., None]) -> None:
        given(**{name: "https://example.com"})
        assert load().site.url == "https://example.com"

    def test_reads_lists_between_commas(self, given: Callable[..., None]) -> None:
        given(ALLOWED_HOSTS="a.example, *.b.example ,", TRUSTED_PROXIES="10.0.0.1,10.1.0.0/16")
        server = load().server
        assert server.allowed_hosts == ["a.example", "*.b.example"]
        assert [str(each) for each in server.trusted_proxies] == ["10.0.0.1/32", "10.1.0.0/16"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("PORT", "http"),
            ("PORT", "65536"),
            ("WORKERS", "0"),
            ("ENVIRONMENT", "prod"),
            ("PUBLIC_URL", "example.com"),
            ("PUBLIC_URL", "https://example.com/?x"),
            ("ALLOWED_ORIGINS", "example.com"),
            ("ALLOWED_ORIGINS", "https://example.com/"),
            ("ALLOWED_ORIGINS", "*"),
            ("TRUSTED_PROXIES", "proxy.local"),
            ("METRICS_CLIENTS", "10.0.0.0/40"),
            ("DATABASE_POOL_SIZE", "0"),
            ("DATABASE_POOL_TIMEOUT", "soon"),
            ("SECRET_KEY", "short"),
            ("PASSWORD_PEPPER", "short"),
            ("BCRYPT_COST", "9"),
            ("BCRYPT_COST", "17"),
            ("ACCESS_TOKEN_MINUTES", "16"),
            ("ADMIN_EMAIL", "me@example.com"),
            ("POST_PATH", "/posts"),
            ("LOG_LEVEL", "loud"),
        ],
    )
    def test_says_in_one_clear_line_what_is_wrong(
        self, name: str, value: str, given: Callable[..., None]
    ) -> None:
        given(**{name: value})
        lines = complaints()
        assert len(lines) == 1
        assert lines[0].startswith(f"{name}: ")
        assert "\n" not in lines[0]
        assert "pydantic" not in lines[0]

    def test_names_everything_that_is_wrong_at_once(self, given: Callable[..., None]) -> None:
        given(PORT="x", LOG_LEVEL="y", SECRET_KEY="z")
        assert [line.partition(":")[0] for line in complaints()] == [
            "PORT",
            "SECRET_KEY",
            "LOG_LEVEL",
        ]

    @pytest.mark.parametrize("name", ["SECRET_KEY", "PASSWORD_PEPPER"])
    def test_never_repeats_a_secret(self, name: str, given: Callable[..., None]) -> None:
        given(**{name: "hush-hush"})
        assert "hush" not in complaints()[0]
        given(**{name: SECRET})
        assert SECRET not in repr(load())

    @pytest.mark.parametrize(
        ("name", "meant"), [("DATABSE_URL", "DATABASE_URL"), ("PROT", "PORT"), ("XYZZY", None)]
    )
    def test_refuses_what_it_does_not_know_in_the_file(
        self, folder: Path, name: str, meant: str | None
    ) -> None:
        (folder / ".env").write_text(f"{name}=1\n")
        (line,) = complaints()
        assert line.startswith(f"{name}: unknown setting in .env")
        assert ("did you mean" in line) is (meant is not None)
        assert meant is None or line.endswith(f"{meant}?")

    def test_leaves_foreign_variables_alone(self, given: Callable[..., None]) -> None:
        given(SOMETHING_ELSE="1")
        assert load()


class TestProduction:
    @pytest.fixture
    def production(self, given: Callable[..., None]) -> Callable[..., None]:
        given(ENVIRONMENT="production", SECRET_KEY=SECRET, PASSWORD_PEPPER=SECRET)
        return given

    def test_starts_with_secrets_of_its_own(
        self, folder: Path, production: Callable[..., None]
    ) -> None:
        assert load().server.production
        assert (folder / ".data").is_dir()

    def test_wants_secrets_of_its_own(self, given: Callable[..., None]) -> None:
        given(ENVIRONMENT="production")
        lines = complaints()
        assert [line.partition(":")[0] for line in lines] == ["SECRET_KEY", "PASSWORD_PEPPER"]

    @pytest.mark.parametrize("password", ["admin", "Password", "changeme"])
    def test_refuses_a_known_default(self, production: Callable[..., None], password: str) -> None:
        production(ADMIN_EMAIL="me@example.com", ADMIN_PASSWORD=password)
        (line,) = complaints()
        assert line.startswith("ADMIN_PASSWORD: ")
        assert password not in line.partition(":")[2]


class TestSecrets:
    def test_are_made_once_and_kept_for_the_owner_alone(self, folder: Path) -> None:
        first, second = load(), load()
        assert first.security.secret_key == second.security.secret_key
        assert first.security.password_pepper == second.security.password_pepper
        assert first.security.secret_key != first.security.password_pepper
        path = folder / ".data" / "secrets.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert [each.name for each in path.parent.iterdir()] == ["secrets.json"]

    def test_that_were_given_win_and_are_not_kept(
        self, folder: Path, given: Callable[..., None]
    ) -> None:
        given(SECRET_KEY=SECRET, PASSWORD_PEPPER="p" * 32)
        load()
        assert not (folder / ".data" / "secrets.json").exists()

    @pytest.mark.parametrize(
        "content", ["", "{", "[]", "{}", '{"secret_key": "short", "password_pepper": "short"}']
    )
    def test_that_are_damaged_stop_the_start(self, folder: Path, content: str) -> None:
        (folder / ".data").mkdir()
        (folder / ".data" / "secrets.json").write_text(content)
        (line,) = complaints()
        assert line.startswith("DATA_DIR: ")
        assert "backup" in line

    def test_need_a_folder(self, folder: Path, given: Callable[..., None]) -> None:
        (folder / "file").write_text("")
        given(DATA_DIR=str(folder / "file" / "data"))
        (line,) = complaints()
        assert line.startswith("DATA_DIR: ")

    def test_are_the_same_for_processes_that_start_together(self, folder: Path) -> None:
        code = (
            "from portfolio.core.environment import load;"
            "s = load().security;"
            "print(s.secret_key.get_secret_value(), s.password_pepper.get_secret_value())"
        )
        together = [
            subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-c", code],
                cwd=folder,
                env=os.environ,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        outputs = {process.communicate()[0] for process in together}
        assert len(outputs) == 1
        kept = json.loads((folder / ".data" / "secrets.json").read_text())
        assert outputs == {f"{kept['secret_key']} {kept['password_pepper']}\n"}


class TestVariables:
    def test_are_described(self) -> None:
        for name, (group, field) in environment.variables().items():
            assert name.isupper()
            assert environment.description(group, field)
