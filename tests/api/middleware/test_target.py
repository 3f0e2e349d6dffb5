import pytest
from fastapi import APIRouter, FastAPI
from tests.factories.apps import HOST, ask, make_app

pytestmark = pytest.mark.requirement("64")

router = APIRouter(prefix="/api")


@router.get("/me")
async def me() -> str:
    return "me"


@router.get("/posts/{ref}")
async def get_post(ref: str, q: str = "") -> list[str]:
    return [ref, q]


@pytest.fixture
def app() -> FastAPI:
    return make_app(router)


class TestPath:
    @pytest.mark.parametrize(
        "path",
        [
            b"//api/me",
            b"/api//me",
            b"/api/me/",
            b"/api/me/x.css",
            b"/api/me;x=1",
            b"/api;/me",
            b"/api%2fme",
            b"/api%2Fme",
            b"/api/%2e%2e/api%2fme",
            b"/api/posts/a%5cb",
            b"/API/me",
        ],
    )
    async def test_means_one_thing_only(self, app: FastAPI, path: bytes) -> None:
        assert (await ask(app, path)).status == 404

    @pytest.mark.parametrize(
        "path", [b"/api/posts/%00", b"/api/posts/%ff", b"/api/posts/%ed%a0%80"]
    )
    async def test_must_be_text(self, app: FastAPI, path: bytes) -> None:
        assert (await ask(app, path)).status == 400

    async def test_may_hold_any_letter(self, app: FastAPI) -> None:
        answer = await ask(app, b"/api/posts/%C3%A4%20b")
        assert answer.body.decode() == '["\N{LATIN SMALL LETTER A WITH DIAERESIS} b",""]'


class TestQuery:
    @pytest.mark.parametrize("query", [b"q=%00", b"q=%ff", b"%00=1", b"q=\xe4"])
    async def test_must_be_text(self, app: FastAPI, query: bytes) -> None:
        assert (await ask(app, b"/api/posts/a?" + query)).status == 400

    async def test_may_hold_a_slash(self, app: FastAPI) -> None:
        assert (await ask(app, b"/api/posts/a?q=b%2Fc")).body == b'["a","b/c"]'


class TestSize:
    async def test_of_all_headers_is_limited(self, app: FastAPI) -> None:
        header = (b"x-long", b"a" * 30_000)
        assert (await ask(app, headers=[HOST, header, header])).status == 200
        answer = await ask(app, headers=[HOST, header, header, header])
        assert answer.status == 431
        assert b'"code":"headers_too_large"' in answer.body
