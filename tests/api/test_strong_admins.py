"""In production an admin's password is long, or does not stand alone."""

from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from sqlalchemy import update
from tests.factories.clients import make_client
from tests.factories.posts import make_post
from tests.factories.users import change_users, grow_stale, log_in, make_user

from portfolio.api.identity import get_admin, get_editor
from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.two_factor import Method, SecondFactor
from portfolio.models.users import Role, User
from portfolio.schemas.users import UserCreate
from portfolio.wiring import Services

pytestmark = pytest.mark.requirement("2")


@pytest.fixture(autouse=True)
def production(app: FastAPI, services: Services) -> Iterator[None]:
    settings = services.settings
    server = settings.server.model_copy(update={"environment": "production"})
    app.state.services = replace(services, settings=settings.model_copy(update={"server": server}))
    yield
    app.state.services = services


@pytest.fixture
async def weak(admin: User, database: Database) -> User:
    await change_users(database, admin, has_long_password=False)
    return admin


def _depends(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for part in dependant.dependencies:
        yield from _depends(part)


def operations(app: FastAPI) -> list[tuple[str, str]]:
    """What is for admins and editors."""
    return [
        (method, route.path_format or "")
        for route in iter_route_contexts(app.routes)
        if {get_admin, get_editor} & set(_depends(getattr(route, "dependant", None) or Dependant()))
        for method in sorted(route.methods or ())
    ]


def filled(path: str) -> str:
    known = path.replace("{target}", "posts")
    return "/".join("1" if part.startswith("{") else part for part in known.split("/"))


class TestWeakAdmin:
    async def test_gets_nothing_done(
        self, app: FastAPI, admin_client: httpx2.AsyncClient, weak: User
    ) -> None:
        found = operations(app)
        assert len(found) > 50
        for method, path in found:
            body: dict[str, str] | None = {} if method in {"POST", "PUT", "PATCH"} else None
            answer = await admin_client.request(method, filled(path), json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "two_factor_required"), path

    async def test_is_asked_for_nothing_else_first(
        self, admin_client: httpx2.AsyncClient, weak: User, database: Database
    ) -> None:
        await grow_stale(database)
        answer = await admin_client.patch(f"/api/v1/users/{weak.id}", json={"role": "user"})
        assert (answer.status_code, answer.json()["code"]) == (403, "two_factor_required")

    async def test_makes_no_token_that_would_outlive_the_weakness(
        self, admin_client: httpx2.AsyncClient, weak: User
    ) -> None:
        body = {"name": "Build", "scopes": ["content:read"]}
        answer = await admin_client.post("/api/v1/me/api-tokens", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "two_factor_required")

    async def test_still_has_an_account_to_make_it_stronger(
        self, admin_client: httpx2.AsyncClient, weak: User
    ) -> None:
        assert (await admin_client.get("/api/v1/me")).status_code == 200
        assert (await admin_client.post("/api/v1/me/2fa/totp")).status_code == 200

    async def test_reads_what_anyone_may_read(
        self, admin_client: httpx2.AsyncClient, weak: User
    ) -> None:
        assert (await admin_client.get("/api/v1/posts")).status_code == 200

    async def test_sees_no_draft(
        self, admin_client: httpx2.AsyncClient, services: Services, weak: User
    ) -> None:
        draft = await make_post(services, weak, title="Secret", status="draft")
        address = f"/api/v1/posts/{draft.slug}"
        assert (await admin_client.get(address)).status_code == 404
        assert (await admin_client.get("/api/v1/posts?status=draft")).status_code == 401
        await change_users(services.database, weak, has_long_password=True)
        assert (await admin_client.get(address)).status_code == 200


class TestStrongAdmin:
    async def test_has_fifteen_characters(
        self, admin_client: httpx2.AsyncClient, admin: User
    ) -> None:
        assert (await admin_client.get("/api/v1/users")).status_code == 200

    async def test_or_an_authenticator_app(
        self, admin_client: httpx2.AsyncClient, weak: User, database: Database
    ) -> None:
        async with database.transaction() as db:
            db.add(SecondFactor(user_id=weak.id, method=Method.TOTP, secret="sealed"))
        assert (await admin_client.get("/api/v1/users")).status_code == 403
        async with database.transaction() as db:
            db.add(SecondFactor(user_id=weak.id, method=Method.EMAIL, confirmed_at=utc_now()))
        assert (await admin_client.get("/api/v1/users")).status_code == 403
        async with database.transaction() as db:
            await db.execute(update(SecondFactor).values(confirmed_at=utc_now()))
        assert (await admin_client.get("/api/v1/users")).status_code == 200

    @pytest.mark.parametrize(("password", "status"), [("x1" * 7, 403), ("x1" * 7 + "y", 200)])
    async def test_is_measured_when_the_password_is_typed(
        self, app: FastAPI, services: Services, database: Database, password: str, status: int
    ) -> None:
        data = UserCreate(email="ada@example.com", username="ada", password=password)
        async with database.transaction() as db:
            ada = await services.users.create(db, data, Role.ADMIN)
        await make_user(services, "owner", Role.ADMIN)
        # Whatever was noted: the login sees how long it is.
        await change_users(database, ada, has_long_password=status != 200)
        async with make_client(app) as client:
            token = (await log_in(client, "ada", password)).json()["access_token"]
        async with make_client(app, token) as client:
            assert (await client.get("/api/v1/users")).status_code == status
