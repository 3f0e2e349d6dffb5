"""S96: a thousand people who react at once, twenty times over, on each database."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import httpx2
from tests import with_postgres
from tests.factories.reactions import count_reactions, reactions_of

from benchmarks.load import Plan, say
from benchmarks.report import Section, table
from benchmarks.servers import Server, portfolio, running
from portfolio.core.config import DatabaseSettings, Settings
from portfolio.core.events import EventBus
from portfolio.core.security import GuestTokens
from portfolio.db.engine import create_engines
from portfolio.db.session import Database

RUNS, PEOPLE = 20, 1_000
TOGGLES, BURST = 1_000, 20
BUSY = 503
SECRET = "signs-the-cookies-of-a-thousand-guests"
OWNER = {"ADMIN_EMAIL": "owner@example.com", "ADMIN_PASSWORD": "the owner's own long password"}
VARIABLES = {**OWNER, "SECRET_KEY": SECRET, "WORKERS": "2"}


@dataclass
class _Found:
    """`wrong` are sentences about what should not be."""

    seconds: list[float] = field(default_factory=list)
    busy: int = 0
    wrong: list[str] = field(default_factory=list)


class _Crowd:
    """Guests of a server, each with a cookie, and its owner."""

    def __init__(self, server: Server, url: str) -> None:
        tokens = GuestTokens([SECRET])
        self.people = [
            {"Cookie": f"portfolio_guest={tokens.issue(f'guest-{number}')}"}
            for number in range(PEOPLE)
        ]
        self.found = _Found()
        self._server = server
        self._database = Settings(database=DatabaseSettings(url=url))

    async def run(self) -> _Found:
        # A connection each time: one that is kept may end while the next request is on its way.
        limits = httpx2.Limits(max_connections=PEOPLE, max_keepalive_connections=0)
        engines = create_engines(self._database)
        database = Database(engines, EventBus())
        async with httpx2.AsyncClient(
            base_url=self._server.url, limits=limits, timeout=120
        ) as client:
            login = {"identifier": OWNER["ADMIN_EMAIL"], "password": OWNER["ADMIN_PASSWORD"]}
            answer = await client.post("/api/v1/auth/login", json=login)
            owner = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            expected = 0
            for number in range(RUNS):
                place = await self._post(client, owner, number)
                await self._react(client, place)
                expected += PEOPLE
                self._expect(f"run {number}: rows", await count_reactions(database), expected)
            await self._toggle(client, await self._post(client, owner, RUNS), self.people[0])
            await count_reactions(database)
        await engines.dispose()
        return self.found

    async def _post(self, client: httpx2.AsyncClient, owner: dict[str, str], number: int) -> str:
        body = {"title": f"Post {number}", "status": "published"}
        answer = await client.post("/api/v1/posts", json=body, headers=owner)
        return reactions_of("posts", answer.json()["id"])

    async def _react(self, client: httpx2.AsyncClient, place: str) -> None:
        begun = perf_counter()
        answers = await asyncio.gather(
            *(self._ask(client, "PUT", f"{place}/like", person) for person in self.people)
        )
        self.found.seconds.append(perf_counter() - begun)
        totals = {answer["total"] for answer in answers}
        self._expect("numbers that were answered", totals, {*range(1, PEOPLE + 1)})
        shown = await self._ask(client, "GET", place, {})
        self._expect("the count", (shown["counts"]["like"], shown["total"]), (PEOPLE, PEOPLE))

    async def _toggle(self, client: httpx2.AsyncClient, place: str, person: dict[str, str]) -> None:
        """One person, to and fro; after each burst one more decides."""
        for number in range(TOGGLES // BURST):
            methods = ["PUT", "DELETE"] * (BURST // 2)
            burst = (self._ask(client, each, f"{place}/like", person) for each in methods)
            seen = {answer["total"] for answer in await asyncio.gather(*burst)}
            self._expect("totals while toggling", seen - {0, 1}, set())
            last = await self._ask(client, methods[number % 2], f"{place}/like", person)
            shown = await self._ask(client, "GET", place, person)
            self._expect("what the last answer said", shown, last)

    async def _ask(
        self, client: httpx2.AsyncClient, method: str, path: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        """As long as the server is busy, again: that is what it asks for."""
        while (answer := await client.request(method, path, headers=headers)).status_code == BUSY:
            self.found.busy += 1
            await asyncio.sleep(float(answer.headers["Retry-After"]))
        if not answer.is_success:
            self.found.wrong.append(f"{method} {path}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json()
        return found

    def _expect(self, what: str, found: Any, wanted: Any) -> None:
        if found != wanted:
            self.found.wrong.append(f"{what}: {found}, not {wanted}"[:500])


def run(plan: Plan, folder: Path) -> Section:
    """Servers of two processes, as they are set by default but for limits."""
    del plan
    cells = [["", "runs of 1,000", "exact", "median", "slowest", "asked again after 503"]]
    wrong = Counter[str]()
    with ExitStack() as stack:
        for name, url in _databases(folder, stack):
            command = portfolio(folder / f"{name}.db", folder / name, **VARIABLES, DATABASE_URL=url)
            with running(command) as server:
                found = asyncio.run(_Crowd(server, url).run())
            wrong.update(f"{name}: {each}" for each in found.wrong)
            cells.append(
                [
                    name,
                    str(len(found.seconds)),
                    "no" if found.wrong else "yes",
                    f"{median(found.seconds):.2f} s",
                    f"{max(found.seconds):.2f} s",
                    str(found.busy),
                ]
            )
            say(f"  {' | '.join(cells[-1])}")
    notes = [
        f"{PEOPLE:,} guests on as many connections send one PUT each, {RUNS} times to a new post.",
        "Exact: each of them got another total, and rows, tallies, counters and answers agree.",
        f"Then one person goes to and fro {TOGGLES:,} times: 0 or 1, as the last answer said.",
        "Two server processes, default settings but for limits, response cache off.",
        *(f"**{each}** ({times} times)" for each, times in wrong.items()),
    ]
    return Section("S96", "a thousand who react at once", table(cells), notes, sound=not wrong)


def _databases(folder: Path, stack: ExitStack) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite+aiosqlite:///{folder / 'SQLite.db'}"
    programs = with_postgres.find_programs()
    if programs is not None:
        yield "PostgreSQL", stack.enter_context(with_postgres.server(programs))
