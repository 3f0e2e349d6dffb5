from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client import REGISTRY
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from tests.factories.apps import client_of, make_app
from tests.factories.lines import captured

posts = APIRouter(prefix="/posts")
v1 = APIRouter(prefix="/api/v1")


@posts.get("/{ref}")
async def get_post(ref: str) -> str:
    return ref


v1.include_router(posts)


@pytest.fixture
def app() -> FastAPI:
    async def leaf(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("leaf")

    app = make_app(v1)
    app.router.routes.append(Mount("/admin", routes=[Route("/users/{id}", leaf)]))
    return app


async def logged(app: FastAPI, method: str, path: str) -> dict[str, Any]:
    with captured() as lines:
        await client_of(app).request(method, path)
    return next(dict(line) for line in lines if line["event"] == "request")


class TestLogLine:
    async def test_tells_what_was_asked_and_answered(self, app: FastAPI) -> None:
        line = await logged(app, "GET", "/api/v1/posts/hello")
        assert line.pop("ms") >= 0
        assert line == {
            "event": "request",
            "log_level": "info",
            "method": "GET",
            "path": "/api/v1/posts/hello",
            "route": "/api/v1/posts/{ref}",
            "status": 200,
        }

    async def test_leaves_the_query_out(self, app: FastAPI) -> None:
        line = await logged(app, "GET", "/api/v1/posts/hello?token=hunter2")
        assert "hunter2" not in str(line)

    async def test_of_a_probe_is_for_debugging(self, app: FastAPI) -> None:
        assert (await logged(app, "GET", "/health/live"))["log_level"] == "debug"


class TestRouteTemplate:
    @pytest.mark.parametrize(
        ("method", "path", "route"),
        [
            ("GET", "/api/v1/posts/a", "/api/v1/posts/{ref}"),
            ("HEAD", "/api/v1/posts/a", "/api/v1/posts/{ref}"),
            ("PUT", "/api/v1/posts/a", "/api/v1/posts/{ref}"),
            ("GET", "/admin/users/7", "/admin/users/{id}"),
            ("HEAD", "/admin/users/7", "/admin/users/{id}"),
            ("GET", "/docs/static/favicon.png", "/docs/static/{path}"),
            ("GET", "/openapi.json", "/openapi.json"),
            ("GET", "/wp-login.php", "unmatched"),
        ],
    )
    async def test_is_the_declared_path(
        self, app: FastAPI, method: str, path: str, route: str
    ) -> None:
        assert (await logged(app, method, path))["route"] == route


class TestMetrics:
    async def test_count_answers_by_route_and_status(self, app: FastAPI) -> None:
        labels = {"method": "GET", "route": "/api/v1/posts/{ref}", "status": "200"}
        before = REGISTRY.get_sample_value("http_requests_total", labels) or 0
        await client_of(app).get("/api/v1/posts/a")
        await client_of(app).get("/api/v1/posts/b")
        assert REGISTRY.get_sample_value("http_requests_total", labels) == before + 2

    async def test_do_not_grow_with_invented_methods(self, app: FastAPI) -> None:
        await client_of(app).request("BREW", "/health")
        labels = {"method": "OTHER", "route": "/health", "status": "405"}
        assert REGISTRY.get_sample_value("http_requests_total", labels)

    async def test_measure_the_time(self, app: FastAPI) -> None:
        await client_of(app).get("/api/v1/posts/a")
        labels = {"method": "GET", "route": "/api/v1/posts/{ref}", "le": "+Inf"}
        assert REGISTRY.get_sample_value("http_request_duration_seconds_bucket", labels)
