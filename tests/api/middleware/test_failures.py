from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from tests.factories.apps import ask, client_of, make_app

from portfolio.core.errors import ConflictException

router = APIRouter()


@router.get("/torn")
async def torn() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the other half is gone")

    return StreamingResponse(chunks())


class TestFailure:
    async def test_within_a_stream_breaks_the_connection(self) -> None:
        with pytest.raises(RuntimeError, match="other half"):
            await ask(make_app(router), b"/torn")

    async def test_of_a_mounted_app_has_our_body(self) -> None:
        async def plain(scope: Scope, receive: Receive, send: Send) -> None:
            raise ConflictException("Taken")

        app = make_app()
        app.mount("/plain", plain)
        answer = await client_of(app).get("/plain/x")
        assert (answer.status_code, answer.json()["detail"]) == (409, "Taken")

    async def test_without_any_known_cause_is_a_500(self) -> None:
        async def plain(scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError

        app = make_app()
        app.mount("/plain", plain)
        answer = await client_of(app).get("/plain/x")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
