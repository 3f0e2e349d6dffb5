"""Every operation answers as the OpenAPI schema says, whatever it is sent."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import requests  # type: ignore[import-untyped]  # schemathesis speaks it
import schemathesis
from httpx2 import AsyncClient, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.factories.posts import make_post
from tests.factories.projects import make_project

from portfolio.core.config import SecuritySettings, ServerSettings, Settings, StorageSettings
from portfolio.main import create_app
from portfolio.models.users import User
from portfolio.wiring import Services

ADDRESS = "http://test"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 12


def declared() -> dict[str, Any]:
    """The schema of an app that is never started."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            Settings(
                server=ServerSettings(environment="test", public_url=ADDRESS),
                security=SecuritySettings(secret_key="k" * 32, password_pepper="p" * 32),
                storage=StorageSettings(data_dir=Path(folder)),
            )
        )
        return app.openapi()


SCHEMA = schemathesis.openapi.from_dict(declared())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
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
    wanted = requests.Request(**case.as_transport_kwargs(base_url=ADDRESS)).prepare()
    headers = {
        name: value.encode("latin-1") if isinstance(value, str) else value
        for name, value in wanted.headers.items()
    }
    return await client.request(wanted.method, wanted.url, content=wanted.body, headers=headers)


@pytest.fixture
async def known(services: Services, admin: User) -> dict[str, Any]:
    """What is there to be asked for, by the names of path parameters."""
    post = await make_post(services, admin, "Seed", slug="seed", tags=["seed"], series="seed")
    await make_project(services, admin, "Seed", slug="seed", technologies=["seed"])
    return {"id": post.id, "ref": "seed", "number": 1}


@each_operation
class TestSchema:
    @bounded
    @given(data=st.data())
    async def test_holds_for_strangers(
        self, operation: Any, client: AsyncClient, known: dict[str, Any], data: st.DataObject
    ) -> None:
        await self.holds(operation, client, known, data)

    @bounded
    @given(data=st.data())
    async def test_holds_for_an_admin(
        self, operation: Any, admin_client: AsyncClient, known: dict[str, Any], data: st.DataObject
    ) -> None:
        await self.holds(operation, admin_client, known, data)

    async def holds(
        self, operation: Any, client: AsyncClient, known: dict[str, Any], data: st.DataObject
    ) -> None:
        modes = [GenerationMode.POSITIVE]
        if operation.body or operation.query or operation.path_parameters:
            modes.append(GenerationMode.NEGATIVE)
        mode = data.draw(st.sampled_from(modes))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if case.path_parameters and data.draw(st.booleans()):
            case.path_parameters |= {
                name: known[name] for name in case.path_parameters if name in known
            }
        response = await send(client, case)
        case.validate_response(response, checks=CHECKS)
