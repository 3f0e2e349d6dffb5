"""Every operation answers as the OpenAPI schema says, whatever it is sent."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import requests
import schemathesis
from httpx2 import AsyncClient, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.databases import server_url
from tests.factories.posts import make_post
from tests.factories.projects import make_project
from tests.factories.world import LETTER

from portfolio.core.config import SecuritySettings, ServerSettings, Settings, StorageSettings
from portfolio.core.pagination import PageRequest
from portfolio.main import create_app
from portfolio.models.entities import EntityType
from portfolio.models.users import User
from portfolio.schemas.comments import CommentCreate
from portfolio.schemas.contact import ContactCreate
from portfolio.schemas.profiles import SkillCreate
from portfolio.services.comments import Writer
from portfolio.wiring import Services

ADDRESS = "http://test"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# Servers are asked less: most of what is odd comes to light on the embedded one.
EXAMPLES = 6 if server_url() is None else 3


def declared() -> dict[str, Any]:
    """The schema of an app that is never started."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            Settings(
                server=ServerSettings(environment="test", workers=1, public_url=ADDRESS),
                security=SecuritySettings(
                    secret_key=SecretStr("k" * 32), password_pepper=SecretStr("p" * 32)
                ),
                storage=StorageSettings(data_dir=Path(folder)),
            )
        )
        return app.openapi()


SCHEMA = schemathesis.openapi.from_dict(declared())
OPERATIONS: list[Any] = [cast("Any", found).ok() for found in SCHEMA.get_all_operations()]
each_operation = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=[f"{found.method} {found.path}" for found in OPERATIONS]
)
bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


async def send(client: AsyncClient, case: Any) -> Response:
    """The case exactly as schemathesis would send it, to the app in this process."""
    wanted: Any = requests.Request(**case.as_transport_kwargs(base_url=ADDRESS)).prepare()
    headers = [
        (name.encode(), value if isinstance(value, bytes) else value.encode("latin-1"))
        for name, value in wanted.headers.items()
        if name not in client.headers  # who asks is not up to the case
    ]
    return await client.request(wanted.method, wanted.url, content=wanted.body, headers=headers)


@st.composite
def cases(draw: st.DrawFn, operation: Any, known: dict[str, dict[str, Any]]) -> Any:
    """What the schema allows and what it does not, of things that are there and that are not."""
    modes = [GenerationMode.POSITIVE] * 2
    if operation.body or operation.query or operation.path_parameters:
        modes.append(GenerationMode.NEGATIVE)
    case = draw(operation.as_strategy(generation_mode=draw(st.sampled_from(modes))))
    if case.path_parameters and draw(st.booleans()):
        there = next((found for path, found in known.items() if path in operation.path), {})
        case.path_parameters |= {
            name: there[name] for name in case.path_parameters if name in there
        }
    return case


@pytest.fixture
async def known(services: Services, admin: User) -> dict[str, dict[str, Any]]:
    """What is there to be asked for: path parameters, by a part of the path."""
    post = await make_post(services, admin, "Seed", slug="seed", tags=["seed"], series="seed")
    project = await make_project(services, admin, "Seed", slug="seed", technologies=["seed"])
    captions = await services.video_files.store_captions("WEBVTT\n")
    async with services.database.transaction() as db:
        image = await services.media.add_image(db, post.id, "post", "https://example.com/a.png")
        video = await services.media.add_video(db, post.id, "post", "https://example.com/a")
        await services.videos.caption(db, video.id, "en", captions)
        skill = await services.profiles.add(db, "skills", SkillCreate(name="Seed"), admin)
        remark = CommentCreate(body="Seed")
        writer = Writer(admin, moderates=True, fresh=True)
        comment = await services.comments.create(db, EntityType.POSTS, "seed", remark, writer)
        await services.contact.receive(db, ContactCreate(**LETTER))
        letter = (await services.contact.page(db, PageRequest(), {})).items[0].id
    return {
        "/profile/skills/": {"id": skill.id},
        "/profiles/": {"ref": admin.username},
        "/images/{id}": {"id": image.id},
        "/comments/{id}": {"id": comment.id},
        "/contact/messages/{id}": {"id": letter},
        "/videos/{id}": {"id": video.id, "language": "en"},
        "/posts/": {"id": post.id, "ref": "seed", "number": 1},
        "/projects/": {"id": project.id, "ref": "seed", "number": 1},
        "/": {"ref": "seed"},
    }


@pytest.fixture(autouse=True)
def short_streams(services: Services) -> Iterator[None]:
    """Streams of events end as soon as they have begun."""
    services.hub.ending = True
    yield
    services.hub.ending = False


@pytest.fixture
async def loop() -> asyncio.AbstractEventLoop:
    """The one that the app lives in; between the steps of a test it stands still."""
    return asyncio.get_running_loop()


@each_operation
class TestSchema:
    def test_holds_for_strangers(
        self,
        operation: Any,
        client: AsyncClient,
        known: dict[str, dict[str, Any]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.holds(operation, client, known, loop)

    def test_holds_for_an_admin(
        self,
        operation: Any,
        admin_client: AsyncClient,
        known: dict[str, dict[str, Any]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.holds(operation, admin_client, known, loop)

    def holds(
        self,
        operation: Any,
        client: AsyncClient,
        known: dict[str, dict[str, Any]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        @bounded
        @given(case=cases(operation, known))
        def check(case: Any) -> None:
            response = loop.run_until_complete(send(client, case))
            case.validate_response(response, checks=CHECKS)

        check()
