"""P3: durable writes on SQLite, against bare sqlite3 committing the same rows one by one."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import uuid4

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks import content, seeding, written
from benchmarks.load import COUNTER, Measured, Plan, Question, measure, say
from benchmarks.report import Row, Section, comparison, method
from benchmarks.servers import HOST, RAISED, portfolio, running
from benchmarks.written import Written
from portfolio.core import logs
from portfolio.core.config import (
    DatabaseSettings,
    LoggingSettings,
    SecuritySettings,
    ServerSettings,
    Settings,
    StorageSettings,
)
from portfolio.core.context import RequestContext, enter
from portfolio.models.comments import CommentStatus
from portfolio.models.credentials import Scope
from portfolio.models.entities import EntityType
from portfolio.models.users import Role, User
from portfolio.schemas.api_tokens import ApiTokenCreate
from portfolio.schemas.comments import CommentCreate
from portfolio.schemas.posts import PostCreate
from portfolio.services.comments import Writer
from portfolio.wiring import Services, build_services

TARGET = 0.5
POSTS = 1_000
FIRST, MARKER = "6000000000", "7000000000"
CREATED, NO_CONTENT = 201, 204
VIEWED = content.slug(POSTS // 2)
VISITOR = content.AUTHORS[1]["id"]
NOTE = {
    "title": f"Note {COUNTER}",
    "body_markdown": "The **tide** comes in at noon.\n\n* bring boots\n* bring a [map](https://example.com)",
    "tags": [content.TAGS[0]["name"], content.TAGS[1]["name"]],
    "status": "published",
}
SETTINGS = {
    "SECRET_KEY": seeding.SECRET_KEY,
    "PASSWORD_PEPPER": seeding.PEPPER,
    # Access tokens are for one server, wherever it listens.
    "PUBLIC_URL": ServerSettings().address,
}

REMARK = {"body": f"The *tide* was early today, says watcher {COUNTER}."}

Work = Callable[[Services, AsyncSession, User, str], Awaitable[None]]


@dataclass(frozen=True)
class _Case:
    name: str
    path: str
    status: int
    body: str
    token: str
    rows: Sequence[Written]

    def question(self, url: str) -> Question:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return Question(url + self.path, headers if self.body else {}, self.body, self.status)


def run(plan: Plan, folder: Path) -> Section:
    """Each turn begins with the same database."""
    database = folder / "portfolio.db"
    say(f"  {POSTS:,} posts")
    seeding.seed_portfolio(database, content.posts(POSTS))
    token, visitor = asyncio.run(_tokens(database))
    post, remark, note = f"/api/v1/posts/{VIEWED}", json.dumps(REMARK), json.dumps(NOTE)
    cases = [
        _case(database, "create a comment", f"{post}/comments", CREATED, remark, visitor, _comment),
        _case(database, "count a view", f"{post}/views", NO_CONTENT, "", "", _view),
        _case(database, "create a post", "/api/v1/posts", CREATED, note, token, _create),
    ]
    rows, notes = [], []
    for case in cases:
        ours, theirs = _in_turn(case, database, plan)
        rows.append(Row(case.name, ours.rate, theirs, "/s", "≥", TARGET))
        kinds = Counter((row.table, "new" if row.key is None else "changed") for row in case.rows)
        tables = ", ".join(f"{table} ({many} {kind})" for (table, kind), many in kinds.items())
        notes.append(f"{case.name}: median latency {ours.p50:.1f} ms. Rows: {tables}.")
    facts = [
        f"{POSTS:,} posts; SQLite with synchronous=FULL, one worker.",
        "The comment is by an account that is known here: screened for spam, shown, counted.",
        "The other side has no HTTP, no validation, no rendering and not a single SELECT.",
        f"Limits raised out of reach: {', '.join(RAISED)}.",
        *notes,
        method(plan),
    ]
    return Section("P3", "durable writes", comparison(("portfolio", "bare sqlite3"), rows), facts)


def _in_turn(case: _Case, database: Path, plan: Plan) -> tuple[Measured, float]:
    ours, theirs = [], []
    for turn in range(1, plan.rounds + 1):
        for old in database.parent.glob("turn-*"):
            old.unlink()
        copies = [written.copy(database, database.with_name(f"turn-{side}.db")) for side in "ab"]
        with running(portfolio(copies[0], database.parent, **SETTINGS)) as server:
            ours.append(measure(case.question(server.url), plan))
        theirs.append(written.repeat(copies[1], case.rows, MARKER, plan.seconds))
        say(f"  {turn}/{plan.rounds} {case.name}: {ours[-1].rate:,.0f}/s, {theirs[-1]:,.0f}/s")
    return Measured.median(ours), median(theirs)


def _case(
    database: Path, name: str, path: str, status: int, body: str, token: str, work: Work
) -> _Case:
    """With the rows that are written by doing it once more, to a copy.

    The first time writes also what is only counted up from then on.
    """
    asyncio.run(_once(database, work, FIRST))
    before = written.copy(database, database.with_name("before.db"))
    after = written.copy(database, database.with_name("after.db"))
    asyncio.run(_once(after, work, MARKER))
    rows = written.difference(before, after, MARKER)
    return _Case(name, path, status, body, token, rows)


async def _view(services: Services, db: AsyncSession, _author: User, _number: str) -> None:
    await services.posts.count_view(db, VIEWED)


async def _comment(services: Services, db: AsyncSession, _author: User, number: str) -> None:
    remark = CommentCreate(body=REMARK["body"].replace(COUNTER, number))
    writer = Writer(await db.get_one(User, VISITOR), moderates=False, fresh=True)
    view = await services.comments.create(db, EntityType.POSTS, VIEWED, remark, writer)
    # The first of somebody waits for a moderator; others follow it.
    await services.moderation.set_status(db, view.id, CommentStatus.APPROVED)


async def _create(services: Services, db: AsyncSession, author: User, number: str) -> None:
    note = json.loads(json.dumps(NOTE).replace(COUNTER, number))
    await services.posts.create(db, PostCreate.model_validate(note), author)


async def _once(database: Path, work: Work, number: str) -> None:
    async with _transaction(database) as (services, db):
        await work(services, db, await db.get_one(User, content.AUTHORS[0]["id"]), number)


async def _tokens(database: Path) -> tuple[str, str]:
    """An API token of the first author, who becomes an admin, and a login of the second."""
    asked = ApiTokenCreate(name="Benchmark", scopes=[Scope.CONTENT_WRITE], expires_at=None)
    async with _transaction(database) as (services, db):
        author = await db.get_one(User, content.AUTHORS[0]["id"])
        author.role = Role.ADMIN
        made = await services.api_tokens.create(db, asked, author)
        login = await services.sessions.open(db, await db.get_one(User, VISITOR))
        return made.token, login.access_token


@asynccontextmanager
async def _transaction(database: Path) -> AsyncIterator[tuple[Services, AsyncSession]]:
    """As in a request from somewhere."""
    enter(RequestContext(request_id=uuid4().hex, client=HOST, agent="wrk"))
    settings = Settings(
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{database}"),
        security=SecuritySettings(
            secret_key=SecretStr(seeding.SECRET_KEY), password_pepper=SecretStr(seeding.PEPPER)
        ),
        storage=StorageSettings(data_dir=database.parent),
        logging=LoggingSettings(level="warning"),
    )
    logs.configure(settings.logging)
    async with build_services(settings) as services, services.database.transaction() as db:
        yield services, db
