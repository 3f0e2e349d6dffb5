"""Accounts to sign in to, and a client that signs in."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

from sqlalchemy import create_engine, insert

from benchmarks.seeding import PEPPER, SECRET_KEY
from portfolio.core.clock import utc_now
from portfolio.core.config import SecuritySettings
from portfolio.core.security import PasswordHasher
from portfolio.models.profiles import Profile
from portfolio.models.users import User

PASSWORD, WRONG = "the grey heron waits at low tide", "the grey heron leaves at high tide"
COST: int = SecuritySettings.model_fields["bcrypt_cost"].default
HASHER = PasswordHasher(PEPPER, COST)
# What the server must share with whoever wrote the hashes.
ENVIRONMENT = {"SECRET_KEY": SECRET_KEY, "PASSWORD_PEPPER": PEPPER, "BCRYPT_COST": str(COST)}
SECONDS = 60


@dataclass(frozen=True)
class Answer:
    status: int
    seconds: float


def email(name: str) -> str:
    return f"{name}@example.com"


def seed(
    database: Path, names: Iterable[str], *, is_active: bool = True, is_verified: bool = True
) -> None:
    """Accounts with their profiles. All have PASSWORD, and one hash between them."""
    verified_at = utc_now() if is_verified else None
    common = {
        "password_hash": HASHER.hash(PASSWORD),
        "is_active": is_active,
        "email_verified_at": verified_at,
        "last_login_at": verified_at,
        "version": 1,
    }
    rows = [
        {"email": email(name), "username": name, "display_name": name, **common} for name in names
    ]
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        made = connection.scalars(insert(User).returning(User.id), rows).all()
        connection.execute(
            insert(Profile), [{"user_id": user_id, "extras": {}, "version": 1} for user_id in made]
        )
    engine.dispose()


class Client:
    """One connection that is kept."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def post(self, path: str, body: Mapping[str, str]) -> Answer:
        sent = json.dumps(body)
        start = perf_counter()
        self._connection.request("POST", path, sent, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        answer.read()
        return Answer(answer.status, perf_counter() - start)


@contextmanager
def client(url: str) -> Iterator[Client]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
    try:
        yield Client(connection)
    finally:
        connection.close()
