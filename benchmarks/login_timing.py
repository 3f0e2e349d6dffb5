"""S6: what the time of an answer tells about whether there is such an account."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import accounts, seeding
from benchmarks.accounts import PASSWORD, WRONG, Client, email
from benchmarks.load import LoadError, Plan, say
from benchmarks.report import Section, table
from benchmarks.servers import HOST, RAISED, portfolio, running

DIFFERENCE, AUC = 10, 0.60
ATTEMPTS, WARM_UP = 200, 5
ACCOUNTS = 60  # so that none fails five times in a row, which would lock it
SEED = 6
NOWHERE = f"smtp://{HOST}:9"

Body = Callable[[int], Mapping[str, str]]


@dataclass(frozen=True)
class _Question:
    """The same to `nobody` as to each of `others`: what is sent at the n-th time."""

    name: str
    path: str
    status: int
    nobody: Body
    others: Mapping[str, Body]


@dataclass
class _Times:
    """Milliseconds."""

    nobody: list[float] = field(default_factory=list)
    others: dict[str, list[float]] = field(default_factory=dict)


def _login(kind: str, password: str) -> Body:
    return lambda n: {"identifier": email(f"{kind}-{n % ACCOUNTS}"), "password": password}


def _mail(kind: str) -> Body:
    return lambda n: {"email": email(f"{kind}-{n % ACCOUNTS}")}


def _registration(kind: str, address: Body) -> Body:
    return lambda n: {
        **address(n),
        "username": f"{kind}-user-{n}",
        "password": PASSWORD,
        "display_name": "Somebody",
    }


QUESTIONS = [
    _Question(
        "login",
        "/api/v1/auth/login",
        401,
        _login("nobody", WRONG),
        {
            "wrong password": _login("active", WRONG),
            "deactivated": _login("deactivated", PASSWORD),
            "unverified": _login("unverified", PASSWORD),
        },
    ),
    _Question(
        "forgotten password",
        "/api/v1/auth/password/forgot",
        202,
        _mail("nobody"),
        {"known address": _mail("active"), "unverified": _mail("unverified")},
    ),
    _Question(
        "registration",
        "/api/v1/auth/register",
        202,
        _registration("fresh", lambda n: {"email": email(f"fresh-{n}")}),
        {
            "taken address": _registration("taken", _mail("active")),
            "unverified": _registration("pending", _mail("unverified")),
        },
    ),
]


def run(_plan: Plan, folder: Path) -> Section:
    """One request at a time, in mixed order. Every account fails less often than would lock it."""
    database = folder / "portfolio.db"
    seeding.seed_portfolio(database, [])
    accounts.seed(database, _names("active"))
    accounts.seed(database, _names("deactivated"), is_active=False)
    accounts.seed(database, _names("unverified"), is_verified=False)
    # Where mail is sent addresses are verified; that nothing takes it must not show either.
    mail = {"SMTP_URL": NOWHERE, "MAIL_FROM": email("site")}
    server = portfolio(database, folder, **accounts.ENVIRONMENT, **mail)
    cells = [["", "median", "median of nobody's", "difference", "AUC", "met"]]
    for question in QUESTIONS:
        with running(server) as running_server, accounts.client(running_server.url) as client:
            times = _ask(question, client)
        for name, taken in times.others.items():
            cells.append(_line(f"{question.name}, {name}", taken, times.nobody))
            say(f"  {' | '.join(cells[-1])}")
    notes = [
        f"{ATTEMPTS} requests of each kind, one at a time, in mixed order; SQLite, one worker.",
        f"Bcrypt with cost {accounts.COST}. Mail is set up, and its server is down.",
        f"Wanted: medians less than {DIFFERENCE} % apart, and an AUC of {AUC:.2f} at most.",
        "The AUC is that of telling two apart by time (Mann-Whitney); 0.5 is a guess.",
        "Deactivated and unverified accounts are given their right password.",
        f"Limits raised out of reach: {', '.join(RAISED)}.",
    ]
    return Section("S6", "what time tells about accounts", table(cells), notes)


def _names(kind: str) -> list[str]:
    return [f"{kind}-{n}" for n in range(ACCOUNTS)]


def _ask(question: _Question, client: Client) -> _Times:
    """Raises LoadError for an answer that is not the one for all."""
    times = _Times(others={name: [] for name in question.others})
    kinds = [(question.nobody, times.nobody)]
    kinds += [(body, times.others[name]) for name, body in question.others.items()]
    chance = random.Random(SEED)
    for n in range(WARM_UP + ATTEMPTS):
        chance.shuffle(kinds)
        for body, taken in kinds:
            answer = client.post(question.path, body(n))
            if answer.status != question.status:
                raise LoadError(f"{question.name}: {body(n)} is answered with {answer.status}")
            if n >= WARM_UP:
                taken.append(1000 * answer.seconds)
    return times


def _line(name: str, taken: list[float], nobody: list[float]) -> list[str]:
    ours, theirs = median(taken), median(nobody)
    difference = 100 * (ours / theirs - 1)
    told = _auc(taken, nobody)
    return [
        name,
        f"{ours:.2f} ms",
        f"{theirs:.2f} ms",
        f"{difference:+.1f} %",
        f"{told:.2f}",
        "yes" if abs(difference) < DIFFERENCE and told <= AUC else "**no**",
    ]


def _auc(some: list[float], others: list[float]) -> float:
    """How often one of `some` is the slower of a pair, or the faster if that is more often."""
    slower = sum((one > other) + (one == other) / 2 for one in some for other in others)
    share = slower / (len(some) * len(others))
    return max(share, 1 - share)
