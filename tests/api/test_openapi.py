from typing import Any

import pytest
from pydantic import BaseModel
from tests.factories.apps import make_app

from portfolio.api.errors import errors
from portfolio.api.identity import AdminUser, CurrentUser
from portfolio.api.openapi import repeated_operation_ids
from portfolio.api.route import door_router
from portfolio.core.errors import ConflictException

router = door_router("posts", prefix="/api/v1")


class Post(BaseModel):
    title: str


@router.get("/posts/{ref}")
async def get_post(ref: str) -> Post:
    return Post(title=ref)


@router.post("/posts", status_code=201, responses=errors(ConflictException))
async def create_post(data: Post, _user: AdminUser) -> Post:
    return data


@router.get("/account")
async def get_account(_user: CurrentUser) -> Post:
    return Post(title="mine")


@pytest.fixture
def schema() -> dict[str, Any]:
    return make_app(router).openapi()


class TestSchema:
    def test_names_operations_after_their_functions(self, schema: dict[str, Any]) -> None:
        assert schema["paths"]["/api/v1/posts"]["post"]["operationId"] == "create_post"
        assert repeated_operation_ids(schema) == []

    def test_notices_two_operations_of_one_name(self, schema: dict[str, Any]) -> None:
        schema["paths"]["/again"] = schema["paths"]["/api/v1/posts"]
        assert repeated_operation_ids(schema) == ["create_post"]

    def test_describes_the_tags_in_use(self, schema: dict[str, Any]) -> None:
        assert [tag["name"] for tag in schema["tags"]] == ["posts", "system"]

    def test_declares_every_error_as_a_problem(self, schema: dict[str, Any]) -> None:
        read = schema["paths"]["/api/v1/posts/{ref}"]["get"]["responses"]
        write = schema["paths"]["/api/v1/posts"]["post"]["responses"]
        assert set(read) == {"200", "400", "404", "422", "429", "500", "503"}
        assert set(write) - set(read) == {"201", "401", "403", "409", "413", "415"}
        whoever = schema["paths"]["/api/v1/account"]["get"]["responses"]
        assert set(whoever) - set(read) == {"401", "403"}
        for status, response in {**read, **write}.items():
            expected = "application/json" if status < "400" else "application/problem+json"
            assert list(response["content"]) == [expected]

    def test_knows_nothing_of_the_errors_of_the_framework(self, schema: dict[str, Any]) -> None:
        assert "HTTPValidationError" not in str(schema)
        assert set(schema["components"]["schemas"]) >= {"Problem", "Post"}

    def test_offers_no_operation_twice_for_head(self, schema: dict[str, Any]) -> None:
        assert set(schema["paths"]["/api/v1/posts/{ref}"]) == {"get"}

    def test_is_built_once(self) -> None:
        app = make_app(router)
        assert app.openapi() is app.openapi()


class TestServers:
    def test_is_where_the_page_came_from(self, schema: dict[str, Any]) -> None:
        assert schema["servers"] == [{"url": "/"}]

    def test_is_the_public_address_where_one_is_set(self) -> None:
        app = make_app(public_url="https://api.example.com")
        assert app.openapi()["servers"] == [{"url": "https://api.example.com"}]
