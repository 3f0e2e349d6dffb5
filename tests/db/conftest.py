"""Things to illustrate, and workers of the outbox apart from the one that the application runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.factories import pictures
from tests.factories.jobs import TOPIC, Greeter, jobs
from tests.factories.projects import make_project

from portfolio.core.config import Settings
from portfolio.core.events import EventBus
from portfolio.db.engine import create_engines
from portfolio.db.session import Database
from portfolio.models.users import User
from portfolio.services.outbox import OutboxWorker, Retry
from portfolio.wiring import Services

NEVER = 3600.0


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def here(database: Database, bus: EventBus) -> Database:
    """The database with a bus of our own."""
    return Database(database.engines, bus)


@pytest.fixture
async def other_process(
    settings: Settings, database: Database, bus: EventBus
) -> AsyncIterator[Database]:
    """The same database with connections of its own."""
    engines = create_engines(settings)
    yield Database(engines, bus)
    await engines.dispose()


@pytest.fixture
def greeter() -> Greeter:
    return Greeter()


@pytest.fixture
async def worker(here: Database, greeter: Greeter) -> AsyncIterator[OutboxWorker]:
    """Greets when it is told to, and three times at most."""
    made = OutboxWorker(here, jobs, poll=NEVER)
    made.register(TOPIC, greeter, Retry(attempts=3))
    yield made
    await made.stop(grace=0)


@pytest.fixture
async def project(services: Services, admin: User) -> int:
    return (await make_project(services, admin, "Harbour")).id


@pytest.fixture
async def other_project(services: Services, admin: User) -> int:
    return (await make_project(services, admin, "Lighthouse")).id


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.png"
    path.write_bytes(pictures.png(40, 30, text=str(tmp_path)))
    return path
