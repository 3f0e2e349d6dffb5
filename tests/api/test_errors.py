from typing import Annotated

import pytest
from fastapi import APIRouter, Body, HTTPException
from httpx2 import AsyncClient
from pydantic import BaseModel, Field
from structlog.testing import capture_logs
from tests.factories.apps import client_of, make_app

from portfolio.api.errors import errors
from portfolio.api.route import Door
from portfolio.core.errors import (
    ForbiddenException,
    InvalidCredentialsException,
    NotFoundException,
    TooManyRequestsException,
    UnauthorizedException,
)

pytestmark = pytest.mark.requirement("82")

router = APIRouter(route_class=Door)


class Seo(BaseModel):
    title: Annotated[str, Field(max_length=5)]


class Post(BaseModel):
    title: str
    seo: Seo | None = None
    tags: list[int] = []


@router.post("/posts")
async def create_post(data: Post) -> Post:
    return data


@router.get("/posts")
async def list_posts(limit: int = 20) -> int:
    return limit


@router.delete("/posts/{number}")
async def delete_post(number: int) -> None:
    raise ForbiddenException("Only the author deletes a post")


@router.get("/posts/{number}")
async def get_post(number: int) -> None:
    raise NotFoundException


@router.put("/ids")
async def put_ids(ids: Annotated[list[int], Body()]) -> int:
    return len(ids)


@router.get("/busy")
async def busy() -> None:
    raise TooManyRequestsException(retry_after=7)


@router.get("/secret")
async def secret() -> None:
    raise UnauthorizedException


@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("SELECT hash FROM users")


@router.get("/teapot")
async def teapot() -> None:
    raise HTTPException(418, headers={"X-Brew": "tea"})


@pytest.fixture
def client() -> AsyncClient:
    return client_of(make_app(router))


class TestProblemBody:
    async def test_names_everything_that_a_client_needs(self, client: AsyncClient) -> None:
        answer = await client.get("/posts/1")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json() == {
            "detail": "Not found",
            "title": "Not found",
            "status": 404,
            "code": "not_found",
            "request_id": answer.headers["x-request-id"],
        }

    async def test_keeps_the_sentence_of_the_rule(self, client: AsyncClient) -> None:
        answer = await client.delete("/posts/1")
        assert answer.json()["detail"] == "Only the author deletes a post"

    async def test_keeps_retry_after(self, client: AsyncClient) -> None:
        answer = await client.get("/busy")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")

    async def test_keeps_the_challenge(self, client: AsyncClient) -> None:
        answer = await client.get("/secret")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")

    async def test_covers_a_path_that_is_not_there(self, client: AsyncClient) -> None:
        answer = await client.get("/nowhere")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_covers_a_status_that_is_not_ours(self, client: AsyncClient) -> None:
        answer = await client.get("/teapot")
        assert answer.status_code == 418
        assert answer.headers["x-brew"] == "tea"
        assert answer.json()["code"] == "im_a_teapot"


class TestValidation:
    async def test_names_the_field_in_the_sentence(self, client: AsyncClient) -> None:
        answer = await client.post("/posts", json={})
        assert answer.status_code == 422
        assert answer.json()["detail"] == "title: field required"
        assert answer.json()["errors"] == [
            {"field": "title", "code": "missing", "message": "field required"}
        ]

    async def test_names_nested_fields_by_a_dotted_path(self, client: AsyncClient) -> None:
        body = {"title": "a", "seo": {"title": "too long"}, "tags": [1, "b"]}
        answer = await client.post("/posts", json=body)
        fields = [error["field"] for error in answer.json()["errors"]]
        assert fields == ["seo.title", "tags.1"]
        assert answer.json()["detail"].endswith("(and 1 more)")

    async def test_never_repeats_what_was_sent(self, client: AsyncClient) -> None:
        answer = await client.post("/posts", json={"title": 1, "seo": {"title": "hunter2hunter2"}})
        assert "hunter2" not in answer.text

    async def test_names_a_query_parameter(self, client: AsyncClient) -> None:
        answer = await client.get("/posts?limit=many")
        assert answer.json()["errors"][0]["field"] == "limit"

    async def test_names_the_body_when_it_is_missing(self, client: AsyncClient) -> None:
        answer = await client.post("/posts")
        assert (answer.status_code, answer.json()["detail"]) == (422, "body: field required")

    async def test_lists_fifty_errors_at_most(self, client: AsyncClient) -> None:
        answer = await client.put("/ids", json=["x"] * 500)
        assert len(answer.json()["errors"]) == 50
        assert answer.json()["detail"].endswith("(and 499 more)")


class TestMethodNotAllowed:
    async def test_allows_what_every_route_of_the_path_offers(self, client: AsyncClient) -> None:
        answer = await client.put("/posts")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
        assert answer.json()["code"] == "method_not_allowed"

    async def test_knows_paths_with_parameters(self, client: AsyncClient) -> None:
        answer = await client.post("/posts/7")
        assert answer.headers["allow"] == "GET, HEAD, DELETE, OPTIONS"


class TestUnexpectedError:
    async def test_gives_nothing_away(self, client: AsyncClient) -> None:
        answer = await client.get("/broken")
        assert answer.status_code == 500
        assert answer.json()["code"] == "internal_error"
        assert "SELECT" not in answer.text

    async def test_is_logged_with_its_traceback(self, client: AsyncClient) -> None:
        with capture_logs() as lines:
            await client.get("/broken")
        failed = next(line for line in lines if line["event"] == "request.failed")
        assert failed["exc_info"]

    async def test_wears_the_headers_of_every_answer(self, client: AsyncClient) -> None:
        answer = await client.get("/broken")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"] == answer.json()["request_id"]


class TestErrorsForOpenApi:
    def test_shares_one_status_between_its_errors(self) -> None:
        declared = errors(UnauthorizedException, InvalidCredentialsException, NotFoundException)
        assert set(declared) == {401, 404}
        content = declared[401]["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert set(content["examples"]) == {"unauthorized", "invalid_credentials"}
