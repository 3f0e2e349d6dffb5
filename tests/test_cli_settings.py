"""`portfolio settings`: what is in effect, without the secrets in it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from portfolio.cli.commands import app
from portfolio.core import environment

SECRETS = {
    "DATABASE_URL": "postgresql+asyncpg://portfolio:open-sesame@db.example.com/portfolio",
    "DATABASE_REPLICA_URL": "postgresql+asyncpg://portfolio:open-sesame@standby.example.com/portfolio",
    "SECRET_KEY": "open-sesame" * 3,
    "SECRET_KEY_PREVIOUS": "open-sesame-before",
    "PASSWORD_PEPPER": "pepper-open-sesame" * 2,
    "SMTP_URL": "smtp://portfolio:open-sesame@mail.example.com",
    "STORAGE_URL": "s3://media/site?access_key_id=folio&secret_access_key=open-sesame/+",
    "MAIL_FROM": "owner@example.com",
    "ADMIN_EMAIL": "owner@example.com",
    "ADMIN_PASSWORD": "open-sesame",
}


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    surroundings = {**SECRETS, "COLUMNS": "250", "PORT": "8123", "DATA_DIR": str(tmp_path)}
    result = CliRunner().invoke(app, ["settings"], env=surroundings)
    assert result.exit_code == 0
    return result.stdout


class TestSettings:
    def test_are_all_printed_with_what_is_in_effect(self, printed: str) -> None:
        lines = {line.split()[0]: line for line in printed.splitlines()}
        assert environment.variables().keys() <= lines.keys()
        assert "8123" in lines["PORT"]
        assert "db.example.com" in lines["DATABASE_URL"]
        assert "s3://media/site" in lines["STORAGE_URL"]

    def test_are_masked_where_they_are_secret(self, printed: str) -> None:
        assert "sesame" not in printed
