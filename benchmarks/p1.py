"""P1: answers from the response cache, against a bare ASGI function that sends the same bytes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks import content, seeding
from benchmarks.load import Answer, LoadError, Measured, Plan, Question, ask, measure, say
from benchmarks.report import Row, Section, comparison, method
from benchmarks.servers import RAISED, Command, Server, portfolio, ready, running

TARGET = 0.7
POSTS = 1_000
WORKERS = (1, 2)
LIST, ONE = "/api/v1/posts?limit=20", f"/api/v1/posts/{content.slug(POSTS // 2)}"
UNCHANGED = 304
BARE = "ready bytes"
# With several workers each connection may meet another one, whose cache is its own.
FILLING, CHECKS = 40, 20
# uvicorn writes these two itself, on both sides.
OF_THE_SERVER = {"date", "connection"}


@dataclass(frozen=True)
class _Case:
    """What is asked, and what we answered to it: the bytes that both sides send."""

    name: str
    path: str
    headers: Mapping[str, str]
    answer: Answer

    def question(self, server: Server) -> Question:
        return Question(server.url + self.path, self.headers, status=self.answer.status)


@dataclass(frozen=True)
class _Taken:
    """`spent`: the processor seconds of each worker, the busiest first; `microseconds` an answer."""

    measured: Measured
    spent: Sequence[float]
    microseconds: float


def run(plan: Plan, folder: Path) -> Section:
    """Both sides run in uvicorn with the same options and send the same status, headers and body."""
    database = folder / "portfolio.db"
    say(f"  {POSTS:,} posts")
    seeding.seed_portfolio(database, content.posts(POSTS))
    cases = _cases(_ours(database, folder, 1))
    rows, notes = [], []
    for workers in WORKERS:
        wide = replace(plan, connections=plan.connections * workers)
        taken = _in_turn(_ours(database, folder, workers), cases, workers, wide, folder)
        for case in cases:
            ours, theirs = taken["portfolio", case.name], taken[BARE, case.name]
            name = f"{case.name}, {workers} worker{'s' if workers > 1 else ''}"
            rows.append(Row(name, _rate(ours), _rate(theirs), "req/s", "≥", TARGET))
            notes.append(_told(name, ours, theirs))
    facts = [
        f"{POSTS:,} posts; every answer from the cache, which was looked at before and after.",
        f"Limits raised out of reach: {', '.join(RAISED)}.",
        "Bytes of the bodies: "
        + ", ".join(f"{c.name} {len(c.answer.body):,}" for c in cases)
        + ".",
        "The bare function is told what to send and looks at nothing of the request but the path.",
        f"Two workers are asked over {2 * plan.connections} connections.",
        *notes,
        method(plan),
    ]
    table = comparison(("portfolio", BARE), rows)
    return Section("P1", "reads from the response cache", table, facts)


def _ours(database: Path, folder: Path, workers: int) -> Command:
    return portfolio(database, folder, CACHE_ENABLED="true", WORKERS=str(workers))


def _cases(command: Command) -> list[_Case]:
    with running(command) as server:
        found = {
            name: _answer(Question(server.url + path))
            for name, path in (("list of 20", LIST), ("one post", ONE))
        }
        asked = {"If-None-Match": found["one post"].header("etag") or ""}
        unchanged = _answer(Question(server.url + ONE, asked, status=UNCHANGED))
    return [
        _Case("list of 20", LIST, {}, found["list of 20"]),
        _Case("one post", ONE, {}, found["one post"]),
        _Case("304", ONE, asked, unchanged),
    ]


def _answer(question: Question) -> Answer:
    """From the cache. Raises LoadError where it never comes from there."""
    for _ in range(FILLING):
        answer = ask(question)
    _require_hits(question)
    return answer


def _require_hits(question: Question) -> None:
    for _ in range(CHECKS):
        answer = ask(question)
        if (answer.status, answer.header("x-cache")) != (question.status, "hit"):
            raise LoadError(
                f"{question.url}: {answer.status}, X-Cache: {answer.header('x-cache')}; "
                f"wanted was {question.status} from the cache"
            )


def _in_turn(
    ours: Command, cases: Sequence[_Case], workers: int, plan: Plan, folder: Path
) -> dict[tuple[str, str], list[_Taken]]:
    """Both servers of a case are up while one after the other is loaded."""
    taken: dict[tuple[str, str], list[_Taken]] = {}
    for turn in range(1, plan.rounds + 1):
        with running(ours) as server:
            for case in cases:
                with running(ready(BARE, _file(case, folder), workers)) as bare:
                    server.settle()
                    bare.settle()
                    question = case.question(server)
                    _answer(question)
                    found = _load(server, question, workers, plan)
                    _require_hits(question)
                    limit = _load(bare, case.question(bare), workers, plan)
                taken.setdefault((ours.name, case.name), []).append(found)
                taken.setdefault((BARE, case.name), []).append(limit)
                say(
                    f"  {turn}/{plan.rounds} {case.name}, {workers} worker(s): "
                    f"{found.measured.rate:,.0f}/s, {limit.measured.rate:,.0f}/s"
                )
    return taken


def _file(case: _Case, folder: Path) -> Path:
    headers = [
        (name, value) for name, value in case.answer.headers if name.lower() not in OF_THE_SERVER
    ]
    path = folder / "answer.json"
    body = case.answer.body.decode()
    path.write_text(json.dumps({"status": case.answer.status, "headers": headers, "body": body}))
    return path


def _load(server: Server, question: Question, workers: int, plan: Plan) -> _Taken:
    measure(question, replace(plan, seconds=plan.warm_up, warm_up=0))
    before = server.processor_seconds()
    measured = measure(question, replace(plan, warm_up=0))
    after = server.processor_seconds()
    spent = sorted((after[pid] - before.get(pid, 0.0) for pid in after), reverse=True)[:workers]
    return _Taken(measured, spent, 1e6 * sum(spent) / (measured.rate * plan.seconds))


def _rate(taken: Sequence[_Taken]) -> float:
    return median(one.measured.rate for one in taken)


def _told(name: str, ours: Sequence[_Taken], theirs: Sequence[_Taken]) -> str:
    cost, limit = (median(one.microseconds for one in side) for side in (ours, theirs))
    return (
        f"{name}: {cost:.0f} µs of processor time for an answer, {limit:.0f} µs there; "
        f"shares of the workers {_shares(ours)}, {_shares(theirs)} there."
    )


def _shares(taken: Sequence[_Taken]) -> str:
    shares = [
        [seconds / sum(one.spent) for seconds in one.spent] for one in taken if any(one.spent)
    ]
    return ":".join(f"{100 * median(share):.0f}" for share in zip(*shares, strict=True))
