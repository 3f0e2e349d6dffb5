"""What the tests of endpoints share."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from tests.databases import Sweeper
from tests.factories.clients import make_client
from tests.factories.posts import make_post
from tests.factories.publications import HIDDEN, make_hidden
from tests.factories.setup import new_link

from portfolio.core.config import ContactSettings, LimitSettings, MailSettings, Settings
from portfolio.main import create_app
from portfolio.models.users import User
from portfolio.wiring import Services


@pytest.fixture
async def hidden_posts(services: Services, admin: User) -> None:
    """One post in every status, named after it."""
    await make_post(services, admin, "published")
    for how in HIDDEN:
        await make_hidden(services, "posts", admin, how, title=how)


@pytest.fixture
async def token(services: Services) -> str:
    """Of the link that makes the first admin."""
    link = await new_link(services)
    assert link is not None
    address, _, token = link.partition("?token=")
    assert address == "http://test/setup"
    return token


@pytest.fixture(scope="session")
async def mailing_app(settings: Settings, anyio_backend: str) -> AsyncIterator[FastAPI]:
    """The application with a mail server, so that addresses have to be confirmed."""
    mail = MailSettings(smtp_url=SecretStr("smtp://127.0.0.1:9"))
    application = create_app(settings.model_copy(update={"mail": mail}))
    services: Services = application.state.services
    async with application.router.lifespan_context(application):
        await services.outbox.stop()
        await services.periodic.stop()
        yield application


@pytest.fixture
async def mailing(mailing_app: FastAPI, services: Services) -> AsyncIterator[Services]:
    """The services of that application; its mail waits, since nobody works."""
    found: Services = mailing_app.state.services
    sweeper = Sweeper(found.database)
    with sweeper.watching():
        yield found
    await sweeper.sweep()


@pytest.fixture(scope="session")
async def writing_app(settings: Settings, anyio_backend: str) -> AsyncIterator[FastAPI]:
    """The application with everything about the contact form set, and three messages an hour."""
    contact = ContactSettings(
        to="inbox@example.org",
        receipt=True,
        redirects=["https://example.org/thanks", "https://example.net:8443/a/"],
        keep_days=30,
    )
    limits = settings.limits.model_dump() | {"contact": "3/hour", "account_mail": "2/hour"}
    application = create_app(
        settings.model_copy(
            update={"contact": contact, "limits": LimitSettings.model_validate(limits)}
        )
    )
    services: Services = application.state.services
    async with application.router.lifespan_context(application):
        await services.outbox.stop()
        await services.periodic.stop()
        yield application


@pytest.fixture
async def writing(writing_app: FastAPI, services: Services) -> AsyncIterator[Services]:
    """The services of that application."""
    found: Services = writing_app.state.services
    sweeper = Sweeper(found.database)
    with sweeper.watching():
        yield found
    await sweeper.sweep()


@pytest.fixture
async def stranger(mailing_app: FastAPI, mailing: Services) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of that application."""
    async with make_client(mailing_app) as anonymous:
        yield anonymous
