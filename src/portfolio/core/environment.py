"""Reads the settings at start and says plainly what is wrong with them."""

import difflib
import json
import os
import secrets
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError

from portfolio.core import config
from portfolio.core.config import Group, SecuritySettings, Settings

MINIMUM_COST = 10
KEPT = ("secret_key", "password_pepper")  # what is made once where nobody gives it
KNOWN_DEFAULTS = {"admin", "password", "changeme", "change-me", "secret", "adminadmin", "admin123"}


class SettingsError(Exception):
    """Settings that cannot be used: one clear line each."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


def variables() -> dict[str, tuple[str, str]]:
    """Each variable with its group and field, in the order of declaration."""
    found = {}
    for group_name, group in Settings.model_fields.items():
        kind = group.annotation
        if isinstance(kind, type) and issubclass(kind, Group):
            for field_name, field in kind.model_fields.items():
                alias = field.validation_alias
                names = [alias] if isinstance(alias, str) else getattr(alias, "choices", [])
                found.update({str(name): (group_name, field_name) for name in names})
    return found


def load() -> Settings:
    """Settings from the environment and `.env`, with secrets made where none are given.

    Raises SettingsError naming every wrong variable at once.
    """
    lines = _unknown_in_file()
    groups = {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Group):
            try:
                groups[name] = kind()
            except ValidationError as error:
                lines += [_line(problem) for problem in error.errors()]
    if lines:
        raise SettingsError(lines)
    settings = Settings.model_validate(groups)
    lines = _contradictions(settings)
    if lines:
        raise SettingsError(lines)
    return settings.model_copy(
        update={"security": with_secrets(settings.security, settings.storage.data_dir)}
    )


def with_secrets(security: SecuritySettings, data_dir: Path) -> SecuritySettings:
    """Fill in what is missing from `secrets.json` in data_dir, which only its owner may read."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError([f"DATA_DIR: {error.strerror}: {error.filename}"]) from error
    if security.secret_key and security.password_pepper:
        return security
    kept = _kept_secrets(data_dir)
    return security.model_copy(
        update={
            "secret_key": security.secret_key or SecretStr(kept["secret_key"]),
            "password_pepper": security.password_pepper or SecretStr(kept["password_pepper"]),
        }
    )


def _kept_secrets(data_dir: Path) -> dict[str, str]:
    path = data_dir / "secrets.json"
    try:
        if not path.exists():
            fresh = {name: secrets.token_hex(32) for name in KEPT}
            draft = data_dir / f".secrets-{secrets.token_hex(8)}"
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
            ) as file:
                json.dump(fresh, file)
                file.flush()
                os.fsync(file.fileno())
            try:
                # A link fails where a process that started together with us was first: theirs stands.
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        read = json.loads(path.read_text())
        kept: dict[str, str] = {name: read[name] for name in KEPT}
        SecuritySettings.model_validate(kept)
    except OSError as error:
        raise SettingsError([f"DATA_DIR: {error.strerror}: {error.filename}"]) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError([f"DATA_DIR: {path} is damaged; restore it from a backup"]) from error
    return kept


def _line(problem: object) -> str:
    match problem:
        case {"loc": (name, *_), "msg": str(message)}:
            return f"{name}: {message.removeprefix('Value error, ').lower()}"
    return str(problem)


def _unknown_in_file() -> list[str]:
    known = variables()
    lines = []
    for name in dotenv_values(config.ENV_FILE):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            lines.append(f"{name}: unknown setting in {config.ENV_FILE}{hint}")
    return lines


def _contradictions(settings: Settings) -> list[str]:
    security, server = settings.security, settings.server
    lines = []
    if bool(security.admin_email) != bool(security.admin_password):
        lines.append("ADMIN_EMAIL: goes together with ADMIN_PASSWORD; set both or neither")
    if server.environment != "test" and security.bcrypt_cost < MINIMUM_COST:
        lines.append(f"BCRYPT_COST: {MINIMUM_COST} at least")
    mail = settings.mail
    if mail.smtp_url and mail.azure_connection_string:
        lines.append("SMTP_URL: cannot be set together with AZURE_COMMUNICATION_CONNECTION_STRING")
    if mail.configured and not mail.sender:
        lines.append("MAIL_FROM: must be set where mail is sent; an address, or `Name <address>`")
    storage = settings.storage
    if storage.address.scheme == "file" and (
        storage.storage_public_url or storage.storage_signed_urls
    ):
        lines.append("STORAGE_PUBLIC_URL, STORAGE_SIGNED_URLS: only for a bucket in STORAGE_URL")
    if server.production:
        password = security.admin_password
        if password and password.get_secret_value().lower() in KNOWN_DEFAULTS:
            lines.append("ADMIN_PASSWORD: a known default; choose one of your own")
        lines += [
            f"{name}: must be set in production; `openssl rand -hex 32` makes one"
            for name, value in (
                ("SECRET_KEY", security.secret_key),
                ("PASSWORD_PEPPER", security.password_pepper),
            )
            if value is None
        ]
    return lines


def description(group: str, field: str) -> str:
    """What the setting is for."""
    kind = Settings.model_fields[group].annotation
    if isinstance(kind, type) and issubclass(kind, Group):
        return kind.model_fields[field].description or ""
    return ""
