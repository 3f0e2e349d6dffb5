"""What is limited, and what became of one request."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import ceil
from typing import NamedTuple

from limits import RateLimitItem, parse_many

_NOISE = 0.001  # seconds: 60 that come out of floats as 60.000000001 are 60


# Of a header: its name and its value.
Field = tuple[bytes, bytes]


class LimitName(StrEnum):
    """Each has a setting of its own: RATE_LIMIT_ and the name in capitals."""

    LOGIN = "login"
    REGISTER = "register"
    ACCOUNT_MAIL = "account_mail"
    ACCOUNT_MAIL_CLIENT = "account_mail_client"
    TWO_FACTOR_MAIL = "two_factor_mail"
    COMMENTS = "comments"
    REACTIONS = "reactions"
    GUESTS = "guests"
    CONTACT = "contact"
    UPLOADS = "uploads"
    WRITES = "writes"
    READS = "reads"
    API_TOKEN = "api_token"  # noqa: S105 - no token but a name


class Window:
    """`amount` requests in `seconds`, which begin with the first of them."""

    __slots__ = ("amount", "label", "salt", "seconds", "template")

    def __init__(self, label: str, amount: int, seconds: int) -> None:
        self.label = label
        self.amount = amount
        self.seconds = seconds
        self.template = f'"{label}";r=%d;t=%d'
        self.salt = f"{label}/{seconds}/".encode()


# What is left of one window, and in how many seconds the next one can begin: plain, for every answer
# from the cache makes one.
State = tuple[int, float]


class Verdict(NamedTuple):
    """One State for each window of the policy, in its order."""

    allowed: bool
    states: Sequence[State]

    @property
    def retry_after(self) -> int:
        """Whole seconds until every window that is used up has passed."""
        used_up = [reset for remaining, reset in self.states if not remaining]
        return max(1, ceil(max(used_up, default=0) - _NOISE))


class Policy:
    """A named limit of one window or more.

    `advertised` and state() are the members of RateLimit-Policy and of RateLimit
    (draft-ietf-httpapi-ratelimit-headers-11), in which every window has a name: the first that
    of the limit, a further one also that of its length (`login_hour`).
    """

    __slots__ = ("_field", "_single", "advertised", "name", "windows")

    def __init__(self, name: str, quota: str) -> None:
        self.name = name
        self.windows = tuple(
            Window(_label(name, item, place), item.amount, item.get_expiry())
            for place, item in enumerate(parse_many(quota))
        )
        self.advertised = ", ".join(
            f'"{window.label}";q={window.amount};w={window.seconds}' for window in self.windows
        )
        self._field = (b"ratelimit-policy", self.advertised.encode())
        self._single = self.windows[0].template.encode()

    def fields(self, verdict: Verdict) -> list[Field]:
        """Both header fields, as they are sent."""
        if len(self.windows) == 1:
            # In one step for the limit that every answer from the cache tells of.
            ((remaining, reset),) = verdict.states
            return [self._field, (b"ratelimit", self._single % (remaining, ceil(reset - _NOISE)))]
        return [self._field, (b"ratelimit", self.state(verdict).encode())]

    def state(self, verdict: Verdict) -> str:
        return ", ".join(
            [
                window.template % (remaining, ceil(reset - _NOISE))
                for window, (remaining, reset) in zip(self.windows, verdict.states, strict=True)
            ]
        )


def policies(quotas: Mapping[str, str]) -> dict[str, Policy]:
    """A policy for each limit, from its quota such as "10/minute;60/hour"."""
    return {name: Policy(name, quotas[name]) for name in LimitName}


def _label(name: str, item: RateLimitItem, place: int) -> str:
    if place == 0:
        return name
    times = f"{item.multiples}_" if item.multiples > 1 else ""
    return f"{name}_{times}{item.GRANULARITY.name}"
