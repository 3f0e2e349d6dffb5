"""The whole application for tests that look at it and send it nothing."""

from pathlib import Path

from fastapi import FastAPI
from pydantic import SecretStr

from portfolio.core.config import SecuritySettings, Settings, StorageSettings
from portfolio.main import create_app


def make_application(data_dir: Path) -> FastAPI:
    """The real one; it connects to nothing before it is started."""
    security = SecuritySettings(secret_key=SecretStr("k" * 32), password_pepper=SecretStr("p" * 32))
    return create_app(Settings(security=security, storage=StorageSettings(data_dir=data_dir)))
