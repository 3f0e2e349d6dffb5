"""Counts what somebody does, and refuses what is too much."""

from collections.abc import Mapping
from contextvars import ContextVar

import structlog

from portfolio.adapters.limiter.counters import Counters
from portfolio.adapters.limiter.policy import Field, LimitName, Policy, Verdict
from portfolio.adapters.limiter.tokens import KnownTokens
from portfolio.core.errors import RateLimitedException

log = structlog.get_logger(__name__)


class Spending:
    """The limits that one request counted against, the general one first."""

    __slots__ = ("_verdicts",)

    def __init__(self) -> None:
        self._verdicts: dict[Policy, Verdict] = {}

    def note(self, policy: Policy, verdict: Verdict) -> None:
        self._verdicts[policy] = verdict

    def fields(self) -> list[Field]:
        """RateLimit-Policy and RateLimit; of several limits the general one goes unsaid."""
        if not self._verdicts:
            return []
        (policy, verdict), *special = self._verdicts.items()
        if not special:
            return policy.fields(verdict)
        advertised = ", ".join([policy.advertised for policy, _ in special])
        state = ", ".join([policy.state(verdict) for policy, verdict in special])
        return [(b"ratelimit-policy", advertised.encode()), (b"ratelimit", state.encode())]


_spending: ContextVar[Spending | None] = ContextVar("spending", default=None)


class Limits:
    """All limits by their names. `tokens` are those that have a budget of their own."""

    def __init__(self, counters: Counters, policies: Mapping[str, Policy]) -> None:
        self.tokens = KnownTokens()
        self._counters = counters
        self._policies = policies

    def begin(self) -> Spending:
        """Note the hits of this request from here on."""
        spending = Spending()
        _spending.set(spending)
        return spending

    async def hit(self, name: LimitName, key: str, *, told: bool = True) -> None:
        """Count one request of this key. Raises RateLimitedException where that is too many.

        `told`: whether the answer says what is left; not where the key is somebody else's.
        """
        policy = self._policies[name]
        verdict = await self._counters.hit(policy, key)
        spending = _spending.get()
        if told and spending is not None:
            spending.note(policy, verdict)
        if not verdict.allowed:
            self._refuse(policy, verdict)

    async def spend(self, name: LimitName, key: str) -> list[Field] | None:
        """Count one request; the header fields that tell of it, or None where that is too many.

        For whoever lets others refuse.
        """
        policy = self._policies[name]
        verdict = await self._counters.hit(policy, key)
        return policy.fields(verdict) if verdict.allowed else None

    async def close(self) -> None:
        await self._counters.close()

    def _refuse(self, policy: Policy, verdict: Verdict) -> None:
        seconds = verdict.retry_after
        log.warning("limit.hit", limit=policy.name, retry_after=seconds)
        raise RateLimitedException(
            f"Too many requests; try again in {seconds} seconds",
            retry_after=seconds,
            headers={"RateLimit-Policy": policy.advertised, "RateLimit": policy.state(verdict)},
        )


class NoLimits(Limits):
    """What stands in for them where the operator wants none."""

    def __init__(self) -> None:
        self.tokens = KnownTokens()

    async def hit(self, name: LimitName, key: str, *, told: bool = True) -> None:
        """Nothing is counted."""

    async def spend(self, name: LimitName, key: str) -> list[Field] | None:
        del name, key
        return []

    async def close(self) -> None:
        """Nothing is open."""
