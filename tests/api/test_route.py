from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from fastapi import APIRouter, Depends, Query, Request, Response, UploadFile
from httpx2 import AsyncClient
from pydantic import BaseModel
from tests.factories.apps import ask, client_of, make_app

from portfolio.api.route import IDEMPOTENCY, Door, Replay, unit_of_work
from portfolio.core.errors import ConflictException, RetryableException

pytestmark = pytest.mark.requirement("100")


@dataclass
class Journal:
    """Stands for the database: notes what happened in which order, and fails on demand."""

    lines: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Journal"]:
        self.lines.append("begin")
        try:
            yield self
        except BaseException:
            self.lines.append("rollback")
            raise
        if self.failures:
            self.lines.append("commit failed")
            raise self.failures.pop(0)
        self.lines.append("commit")

    async def store(self, response: Response) -> None:
        self.lines.append(f"stored {bytes(response.body).decode()}")


async def write(request: Request) -> Journal:
    journal: Journal = request.app.state.journal
    return await unit_of_work(request).enter_async_context(journal.transaction())


async def write_by_yield(request: Request) -> AsyncIterator[Journal]:
    async with request.app.state.journal.transaction() as journal:
        yield journal


class Filters(BaseModel):
    tag: list[str] = []
    year: int | None = None
    order: Literal["new", "old"] = "new"


Write = Annotated[Journal, Depends(write)]
router = APIRouter(prefix="/api", route_class=Door)


async def page(limit: int = 20) -> int:
    return limit


@router.post("/notes", status_code=201)
async def create_note(db: Write) -> str:
    db.lines.append("endpoint")
    return "made"


@router.post("/yields", status_code=201)
async def create_by_yield(
    db: Annotated[Journal, Depends(write_by_yield, scope="function")],
) -> str:
    return "made"


@router.post("/conflicts")
async def create_conflict(db: Write) -> None:
    raise ConflictException


@router.post("/files", form_limits={"max_files": 1})
async def create_file(db: Write, file: UploadFile) -> int:
    return len(await file.read())


@router.post("/streams")
async def create_by_stream(db: Write, request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@router.post("/remembered")
async def create_once(db: Write, request: Request) -> str:
    request.scope[IDEMPOTENCY] = db
    return "made"


@router.post("/replayed")
async def replay(db: Write) -> None:
    raise Replay(Response("before", status_code=201))


@router.get("/notes")
async def list_notes(
    filters: Annotated[Filters, Query()],
    limit: Annotated[int, Depends(page)],
    search: Annotated[str | None, Query(alias="q")] = None,
) -> dict[str, Any]:
    return {"tag": filters.tag, "limit": limit, "q": search}


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def connect(journal: Journal) -> Callable[[], AsyncClient]:
    app = make_app(router)
    app.state.journal = journal
    return lambda: client_of(app)


@pytest.fixture
def client(connect: Callable[[], AsyncClient]) -> AsyncClient:
    return connect()


class TestUnitOfWork:
    async def test_commits_after_the_response_is_made_and_before_it_is_sent(
        self, journal: Journal
    ) -> None:
        app = make_app(router)
        app.state.journal = journal

        async def note_sending(scope: Any, receive: Any, send: Any) -> None:
            async def noted(message: Any) -> None:
                journal.lines.append(message["type"])
                await send(message)

            await app(scope, receive, noted)

        answer = await ask(note_sending, b"/api/notes", method="POST")  # type: ignore[arg-type]  # any ASGI app will do
        assert answer.status == 201
        assert journal.lines == [
            "begin",
            "endpoint",
            "commit",
            "http.response.start",
            "http.response.body",
        ]

    @pytest.mark.parametrize("path", ["/api/notes", "/api/yields"])
    async def test_answers_500_when_the_commit_fails(
        self, client: AsyncClient, journal: Journal, path: str
    ) -> None:
        journal.failures.append(OSError("disk"))
        answer = await client.post(path)
        assert (answer.status_code, journal.lines[-1]) == (500, "commit failed")

    async def test_rolls_back_what_the_endpoint_refused(
        self, client: AsyncClient, journal: Journal
    ) -> None:
        answer = await client.post("/api/conflicts")
        assert (answer.status_code, journal.lines) == (409, ["begin", "rollback"])


class TestRetry:
    @pytest.mark.parametrize("path", ["/api/notes", "/api/yields"])
    async def test_runs_the_whole_again_in_a_transaction_of_its_own(
        self, client: AsyncClient, journal: Journal, path: str
    ) -> None:
        journal.failures += [RetryableException(), RetryableException()]
        answer = await client.post(path)
        assert answer.status_code == 201
        assert [line for line in journal.lines if line != "endpoint"] == [
            *["begin", "commit failed"] * 2,
            *["begin", "commit"],
        ]

    async def test_gives_up_after_the_third_time(
        self, client: AsyncClient, journal: Journal
    ) -> None:
        journal.failures += [RetryableException() for _ in range(5)]
        answer = await client.post("/api/notes")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert journal.lines.count("begin") == 3

    async def test_reads_an_uploaded_file_from_its_beginning(
        self, client: AsyncClient, journal: Journal
    ) -> None:
        journal.failures.append(RetryableException())
        answer = await client.post("/api/files", files={"file": b"12345"})
        assert answer.json() == 5

    async def test_is_not_tried_when_the_body_is_gone(
        self, client: AsyncClient, journal: Journal
    ) -> None:
        journal.failures.append(RetryableException())
        answer = await client.post("/api/streams", content=b"12345")
        assert (answer.status_code, journal.lines.count("begin")) == (503, 1)


class TestIdempotency:
    async def test_stores_the_response_within_the_transaction(
        self, client: AsyncClient, journal: Journal
    ) -> None:
        await client.post("/api/remembered")
        assert journal.lines == ["begin", 'stored "made"', "commit"]

    async def test_replays_a_stored_response_and_changes_nothing(
        self, client: AsyncClient, journal: Journal
    ) -> None:
        answer = await client.post("/api/replayed")
        assert (answer.status_code, answer.text) == (201, "before")
        assert journal.lines == ["begin", "rollback"]


class TestQueryParameters:
    async def test_come_from_models_dependencies_and_aliases(self, client: AsyncClient) -> None:
        answer = await client.get("/api/notes?tag=a&tag=b&limit=5&q=x")
        assert answer.json() == {"tag": ["a", "b"], "limit": 5, "q": "x"}

    async def test_unknown_ones_are_refused_with_the_known_ones(self, client: AsyncClient) -> None:
        answer = await client.get("/api/notes?taag=a&search=b")
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["taag", "search"]
        assert answer.json()["errors"][0] == {
            "field": "taag",
            "code": "unknown_parameter",
            "message": "unknown parameter; use limit, order, q, tag, year",
        }

    async def test_single_ones_are_refused_when_repeated(self, client: AsyncClient) -> None:
        answer = await client.get("/api/notes?limit=1&limit=2")
        assert answer.status_code == 422
        assert answer.json()["detail"] == "limit: given more than once"

    async def test_are_refused_where_there_are_none(self, client: AsyncClient) -> None:
        answer = await client.post("/api/notes?x=1")
        assert "takes none" in answer.json()["detail"]
