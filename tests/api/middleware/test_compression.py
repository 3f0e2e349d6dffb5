import pytest
from fastapi import APIRouter, Response
from httpx2 import AsyncClient
from tests.factories.apps import client_of, make_app

router = APIRouter()


@router.get("/long")
async def long() -> str:
    return "a" * 4000


@router.get("/short")
async def short() -> str:
    return "a"


@router.get("/image")
async def image() -> Response:
    return Response(b"a" * 4000, media_type="image/webp")


@pytest.fixture
def client() -> AsyncClient:
    return client_of(make_app(router))


class TestCompression:
    @pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
    async def test_is_chosen_by_the_client(self, client: AsyncClient, coding: str) -> None:
        answer = await client.get("/long", headers={"Accept-Encoding": coding})
        assert answer.headers["content-encoding"] == coding
        assert "Accept-Encoding" in answer.headers["vary"]
        assert int(answer.headers["content-length"]) < 100

    @pytest.mark.parametrize("path", ["/short", "/image"])
    async def test_is_not_for_what_it_would_not_shrink(
        self, client: AsyncClient, path: str
    ) -> None:
        answer = await client.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert "content-encoding" not in answer.headers

    async def test_does_not_change_the_tag(self, client: AsyncClient) -> None:
        plain = await client.get("/long", headers={"Accept-Encoding": "identity"})
        small = await client.get("/long", headers={"Accept-Encoding": "br"})
        assert plain.headers["etag"] == small.headers["etag"]
