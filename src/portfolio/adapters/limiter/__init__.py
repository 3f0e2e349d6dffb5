"""Rate limits: how often somebody may do something."""

from portfolio.adapters.limiter.clients import bucket, client_key
from portfolio.adapters.limiter.counters import Counters, MemoryCounters
from portfolio.adapters.limiter.limits import Limits, NoLimits
from portfolio.adapters.limiter.policy import LimitName, policies
from portfolio.adapters.limiter.remote import FallbackCounters, RedisCounters
from portfolio.adapters.limiter.shared import SharedCounters
from portfolio.adapters.redis import RedisLink
from portfolio.core.config import Settings

__all__ = ["LimitName", "Limits", "bucket", "client_key", "create_limits"]


def create_limits(settings: Settings, redis: RedisLink | None = None) -> Limits:
    """Counted where all see it who serve this site: process, host or Redis.

    Raises SettingsError where DATA_DIR cannot be written.
    """
    if not settings.limits.enabled:
        return NoLimits()
    counters: Counters = MemoryCounters()
    if settings.server.workers > 1:
        counters = SharedCounters(settings.storage.data_dir / "run" / "limits")
    if redis is not None:
        counters = FallbackCounters(RedisCounters(redis), counters)
    return Limits(counters, policies(settings.limits.quotas))
