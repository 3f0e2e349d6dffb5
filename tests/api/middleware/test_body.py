import pytest
from fastapi import APIRouter, FastAPI, UploadFile
from pydantic import BaseModel
from tests.factories.apps import HOST, ask, client_of, make_app

from portfolio.api.route import Door

JSON = (b"content-type", b"application/json")
LIMIT = 2000
router = APIRouter(route_class=Door)


class Note(BaseModel):
    text: str


@router.post("/notes")
async def create_note(data: Note) -> int:
    return len(data.text)


@router.post("/files", max_body_size=10 * LIMIT, form_limits={"max_files": 1})
async def create_file(file: UploadFile) -> int:
    return file.size or 0


@pytest.fixture
def app() -> FastAPI:
    return make_app(router, max_body_bytes=LIMIT)


class TestBodyLimit:
    async def test_refuses_a_length_before_reading(self, app: FastAPI) -> None:
        headers = [HOST, JSON, (b"content-length", b"%d" % (LIMIT + 1))]
        answer = await ask(app, b"/notes", method="POST", headers=headers, chunks=[b"{"])
        assert answer.status == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert b'"detail":"Send 2000 bytes at most"' in answer.body
        assert "x-request-id" in answer.headers

    async def test_counts_chunks_of_unknown_length(self, app: FastAPI) -> None:
        headers = [HOST, JSON, (b"transfer-encoding", b"chunked")]
        chunks = [b" " * 500] * 5
        answer = await ask(app, b"/notes", method="POST", headers=headers, chunks=chunks)
        assert answer.status == 413

    async def test_counts_what_comes_beyond_a_false_length(self, app: FastAPI) -> None:
        headers = [HOST, JSON, (b"content-length", b"10")]
        chunks = [b" " * 500] * 5
        answer = await ask(app, b"/notes", method="POST", headers=headers, chunks=chunks)
        assert answer.status == 413

    async def test_takes_a_body_of_just_that_size(self, app: FastAPI) -> None:
        body = b'{"text":"%s"}' % (b"a" * (LIMIT - 11))
        assert len(body) == LIMIT
        headers = [HOST, JSON, (b"content-length", b"%d" % LIMIT)]
        answer = await ask(app, b"/notes", method="POST", headers=headers, chunks=[body])
        assert answer.status == 200

    async def test_leaves_other_refusals_their_status(self, app: FastAPI) -> None:
        headers = [HOST, (b"content-length", b"%d" % (LIMIT + 1))]
        assert (await ask(app, b"/nowhere", method="POST", headers=headers)).status == 404

    async def test_yields_to_the_limit_of_a_route(self, app: FastAPI) -> None:
        async with client_of(app) as client:
            fits = await client.post("/files", files={"file": b"a" * 5 * LIMIT})
            too_long = await client.post("/files", files={"file": b"a" * 11 * LIMIT})
        assert fits.json() == 5 * LIMIT
        assert too_long.status_code == 413
        assert too_long.json()["detail"] == "Send 20000 bytes at most"

    @pytest.mark.parametrize(
        ("length", "chunks"),
        [
            ((b"transfer-encoding", b"chunked"), [b" " * 500] * 5),
            ((b"content-length", b"99999"), [b"{"]),
        ],
    )
    async def test_ends_the_connection_on_which_too_much_comes(
        self, app: FastAPI, length: tuple[bytes, bytes], chunks: list[bytes]
    ) -> None:
        answer = await ask(
            app, b"/notes", method="POST", headers=[HOST, JSON, length], chunks=chunks
        )
        assert answer.status == 413
        assert answer.headers["connection"] == "close"

    @pytest.mark.parametrize("target", [b"/notes", b"/nowhere"])
    async def test_keeps_the_connection_on_which_all_has_come(
        self, app: FastAPI, target: bytes
    ) -> None:
        headers = [HOST, JSON, (b"content-length", b"2")]
        answer = await ask(app, target, method="POST", headers=headers, chunks=[b"{}"])
        assert answer.status in {404, 422}
        assert "connection" not in answer.headers
