import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, Form, Request, UploadFile
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue
from tests.factories.apps import HOST, Header, RawAnswer, ask, client_of, make_app

from portfolio.adapters.own_folder import OwnFolder
from portfolio.api.body import MAX_DEPTH, StrictRequest, parse
from portfolio.api.route import Door
from portfolio.core.errors import InvalidInputException

JSON: Header = (b"content-type", b"application/json")
router = APIRouter(route_class=Door)


class Note(BaseModel):
    text: str
    extra: JsonValue = None


@router.post("/notes")
async def create_note(data: Note) -> Note:
    return data


@router.post("/forms")
async def send_form(name: Annotated[str, Form()]) -> str:
    return name


@router.post("/files", form_limits={"max_files": 1})
async def send_file(
    request: Request, file: UploadFile, alt: Annotated[str, Form()] = ""
) -> tuple[str, int]:
    assert isinstance(request, StrictRequest)
    digest = await request.digest()
    return digest.hex() + alt, len(await file.read())


@router.post("/digests")
async def digest(request: Request) -> str:
    assert isinstance(request, StrictRequest)
    return (await request.digest()).hex()


@router.post("/either")
async def take_either(request: Request) -> Any:
    assert isinstance(request, StrictRequest)
    return await request.json() if request.is_json else dict(await request.form())


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    made, staging = make_app(router), OwnFolder(tmp_path)
    made.state.services = SimpleNamespace(staging=staging)
    yield made
    staging.close()


async def post(app: FastAPI, body: bytes, *headers: Header, target: bytes = b"/notes") -> RawAnswer:
    length = (b"content-length", str(len(body)).encode())
    return await ask(app, target, method="POST", headers=[HOST, length, *headers], chunks=[body])


PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\na'
REFUSED = {
    "syntax": b'{"text": ',
    "nothing but a comma": b",",
    "trailing text": b'{"text": "a"} {}',
    "invalid utf-8": b'{"text": "\xff"}',
    "utf-16": '{"text": "a"}'.encode("utf-16"),
    "nan": b'{"text": "a", "extra": NaN}',
    "infinity": b'{"text": "a", "extra": -Infinity}',
    "float overflow": b'{"text": "a", "extra": 1e400}',
    "integral float": b'{"text": "a", "extra": 1e19}',
    "integer overflow": b'{"text": "a", "extra": 9223372036854775808}',
    "endless integer": b'{"text": "a", "extra": ' + b"9" * 100_000 + b"}",
    "twice": b'{"text": "a", "text": "b"}',
    "twice inside": b'{"text": "a", "extra": [{"b": 1, "b": 1}]}',
    "nul": b'{"text": "a\\u0000b"}',
    "nul in a name": b'{"text": "a", "extra": {"b\\u0000": 1}}',
    "lone surrogate": b'{"text": "\\ud800"}',
    "lone surrogate in a name": b'{"text": "a", "extra": {"\\udfff": 1}}',
    "raw control character": b'{"text": "a\x00b"}',
    "deep list": b'{"text": "a", "extra": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "deep object": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a little too deep": b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2),
}


class TestStrictJson:
    @pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
    async def test_refuses(self, app: FastAPI, body: bytes) -> None:
        answer = await post(app, body, JSON)
        assert answer.status == 422
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_says_where_the_syntax_is_wrong(self, app: FastAPI) -> None:
        answer = await post(app, b'{\n "text" 1}', JSON)
        assert b"line 2 column 9" in answer.body

    async def test_names_the_field_that_cannot_be_stored(self, app: FastAPI) -> None:
        answer = await post(app, b'{"text": "a", "extra": [{"b": "\\u0000"}]}', JSON)
        assert b'"field":"extra.0.b"' in answer.body

    async def test_names_the_field_that_came_twice(self, app: FastAPI) -> None:
        answer = await post(app, b'{"text": "a", "text": "b"}', JSON)
        assert b'"text: given twice"' in answer.body

    async def test_takes_the_largest_integer(self, app: FastAPI) -> None:
        body = b'{"text":"a","extra":[9223372036854775807,-9223372036854775808]}'
        answer = await post(app, body, JSON)
        assert (answer.status, answer.body) == (200, body)

    async def test_takes_escaped_emoji(self, app: FastAPI) -> None:
        answer = await post(app, b'{"text": "\\ud83d\\ude00"}', JSON)
        assert answer.status == 200
        assert "\N{GRINNING FACE}".encode() in answer.body

    async def test_reads_a_body_in_chunks_of_unknown_length(self, app: FastAPI) -> None:
        headers = [HOST, JSON, (b"transfer-encoding", b"chunked")]
        chunks = [b'{"te', b'xt": ', b'"a"}']
        answer = await ask(app, b"/notes", method="POST", headers=headers, chunks=chunks)
        assert answer.status == 200

    @given(st.recursive(st.text() | st.integers() | st.booleans(), st.lists, max_leaves=5))
    def test_agrees_with_python_on_what_it_takes(self, value: Any) -> None:
        try:
            assert parse(json.dumps(value).encode()) == value
        except InvalidInputException:
            assert is_unstorable(value)

    @given(st.binary())
    def test_never_fails_in_another_way(self, body: bytes) -> None:
        with suppress(InvalidInputException):
            parse(body)


class TestForm:
    @pytest.mark.parametrize("path", ["/forms", "/either"])
    async def test_refuses_what_cannot_be_stored(self, app: FastAPI, path: str) -> None:
        answer = await client_of(app).post(path, data={"name": "a\0b"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "name"

    @pytest.mark.parametrize(
        "body", [b"", b"--y\r\n", PART, PART + b"\r\n--x\r\n", b"--x\r\n\r\na\r\n--x--\r\n"]
    )
    async def test_must_be_well_formed_and_whole(self, app: FastAPI, body: bytes) -> None:
        kind = (b"content-type", b"multipart/form-data; boundary=x")
        answer = await post(app, body, kind, target=b"/files")
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_brings_files_only_where_they_are_asked_for(self, app: FastAPI) -> None:
        for path, most in (("/forms", 0), ("/either", 0), ("/files", 1)):
            sent = [("file", b"a")] * (most + 1)
            response = await client_of(app).post(path, files=sent, data={"name": "a"})
            assert response.status_code == 400
            assert response.json()["detail"].startswith("Too many files")


class TestDigest:
    async def test_is_of_the_body_as_it_came(self, app: FastAPI) -> None:
        client = client_of(app)
        first = await client.post("/digests", content=b"a")
        assert first.json() == (await client.post("/digests", content=b"a")).json()
        assert first.json() != (await client.post("/digests", content=b"b")).json()

    async def test_of_a_form_does_not_depend_on_its_boundary(self, app: FastAPI) -> None:
        client = client_of(app)
        first = await client.post("/files", files={"file": b"a"}, data={"alt": "x"})
        same = await client.post("/files", files={"file": b"a"}, data={"alt": "x"})
        other = await client.post("/files", files={"file": b"b"}, data={"alt": "x"})
        assert first.request.headers["content-type"] != same.request.headers["content-type"]
        assert first.json() == same.json() != other.json()
        assert first.json()[1] == 1


class TestContentType:
    @pytest.mark.parametrize(
        "content_type",
        [b"text/plain", b"application/x-www-form-urlencoded", b"application/jsonp", b"json", b""],
    )
    async def test_other_than_json_is_unsupported(self, app: FastAPI, content_type: bytes) -> None:
        answer = await post(app, b'{"text": "a"}', (b"content-type", content_type))
        assert answer.status == 415

    async def test_must_be_given(self, app: FastAPI) -> None:
        assert (await post(app, b'{"text": "a"}')).status == 415

    @pytest.mark.parametrize(
        "content_type",
        [b"application/json; charset=utf-8", b"Application/JSON", b"application/merge-patch+json"],
    )
    async def test_takes_the_relatives_of_json(self, app: FastAPI, content_type: bytes) -> None:
        answer = await post(app, b'{"text": "a"}', (b"content-type", content_type))
        assert answer.status == 200

    async def test_of_an_empty_body_does_not_matter(self, app: FastAPI) -> None:
        answer = await post(app, b"", (b"content-type", b"text/plain"))
        assert answer.status == 422

    async def test_of_a_form_must_be_one(self, app: FastAPI) -> None:
        assert (await post(app, b'{"name": "a"}', JSON, target=b"/forms")).status == 415

    async def test_may_be_chosen_by_the_endpoint(self, app: FastAPI) -> None:
        async with client_of(app) as client:
            by_json = await client.post("/either", json={"name": "a"})
            by_form = await client.post("/either", data={"name": "a"})
            broken = await client.post(
                "/either", content=b"{", headers={"Content-Type": "application/json"}
            )
        assert by_json.json() == by_form.json() == {"name": "a"}
        assert broken.status_code == 422


def is_unstorable(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value or any("\ud800" <= character <= "\udfff" for character in value)
        case int():
            return not -(2**63) <= value < 2**63
    return any(is_unstorable(item) for item in value)
