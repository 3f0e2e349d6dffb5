"""What the tests of endpoints share."""

import pytest
from tests.factories.posts import make_post
from tests.factories.publications import HIDDEN, make_hidden
from tests.factories.setup import new_link

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
