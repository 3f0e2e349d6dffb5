from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import AsyncClient
from starlette.responses import FileResponse, StreamingResponse
from tests.factories.apps import client_of, make_app

router = APIRouter()
chunks_made: list[bytes] = []


@router.get("/posts")
async def list_posts() -> list[str]:
    return ["a" * 5000]


@router.post("/posts")
async def create_post() -> str:
    return "made"


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        for number in range(100):
            chunks_made.append(b"%d" % number)
            yield chunks_made[-1]

    return StreamingResponse(chunks())


@router.get("/file")
async def file() -> FileResponse:
    return FileResponse(Path(__file__))


@pytest.fixture
def app() -> FastAPI:
    return make_app(router)


@pytest.fixture
def client(app: FastAPI) -> AsyncClient:
    return client_of(app)


class TestHead:
    @pytest.mark.parametrize("path", ["/posts", "/file", "/health", "/openapi.json", "/nowhere"])
    async def test_says_what_get_says_without_the_body(
        self, client: AsyncClient, path: str
    ) -> None:
        got, head = await client.get(path), await client.head(path)
        same = {"x-request-id", "content-type", "content-length", "etag", "cache-control", "vary"}
        assert head.status_code == got.status_code
        assert head.content == b""
        for name in same - {"x-request-id"}:
            assert head.headers.get(name) == got.headers.get(name)

    async def test_speaks_of_the_compressed_length_too(self, client: AsyncClient) -> None:
        head = await client.head("/posts", headers={"Accept-Encoding": "gzip"})
        got = await client.get("/posts", headers={"Accept-Encoding": "gzip"})
        assert head.headers["content-encoding"] == "gzip"
        assert head.headers["content-length"] == got.headers["content-length"]

    async def test_does_not_run_a_stream_to_its_end(self, client: AsyncClient) -> None:
        chunks_made.clear()
        assert (await client.head("/stream")).status_code == 200
        assert len(chunks_made) == 1

    async def test_is_refused_where_there_is_no_get(self, client: AsyncClient) -> None:
        only_post = APIRouter()
        only_post.add_api_route("/only", create_post, methods=["POST"])
        answer = await client_of(make_app(only_post)).head("/only")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")


class TestOptions:
    async def test_names_every_method_of_the_path(self, client: AsyncClient) -> None:
        answer = await client.options("/posts")
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"

    async def test_is_404_where_nothing_is(self, client: AsyncClient) -> None:
        assert (await client.options("/nowhere")).status_code == 404


class TestTrace:
    @pytest.mark.parametrize(("path", "allow"), [("/health", "GET, HEAD, OPTIONS"), ("/no", "")])
    async def test_is_offered_nowhere(self, client: AsyncClient, path: str, allow: str) -> None:
        answer = await client.request("TRACE", path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allow)
