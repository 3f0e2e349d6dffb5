"""Counters in Redis, which several hosts share, and what counts while it is away."""

from hashlib import blake2b

from portfolio.adapters.limiter.counters import Counters
from portfolio.adapters.limiter.policy import Policy, Verdict
from portfolio.adapters.redis import RedisAwayError, RedisLink

# Counts in all windows or in none; one call, so that nobody comes in between.
_HIT = """
local allowed = 1
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[2 * i - 1]) then
    allowed = 0
  end
end
local answer = {allowed}
for i, key in ipairs(KEYS) do
  if allowed == 1 then
    redis.call('INCR', key)
  end
  local left = redis.call('PTTL', key)
  if left == -1 then
    left = tonumber(ARGV[2 * i])
    redis.call('PEXPIRE', key, left)
  end
  answer[2 * i] = tonumber(redis.call('GET', key) or '0')
  answer[2 * i + 1] = left
end
return answer
"""
# Names the strategy: other counters in the same Redis, or a later version of ours, are others.
_PREFIX = "portfolio:limit:fixed-from-first"
_MILLISECONDS = 1000


class RedisCounters:
    """Raises RedisAwayError. Keys are digests: Redis need not know whose address it counts."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._script = link.client.register_script(_HIT)

    async def hit(self, policy: Policy, key: str) -> Verdict:
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        keys, arguments = [], []
        for window in policy.windows:
            # What stands in braces decides on the node of a cluster: all windows on one.
            keys.append(f"{_PREFIX}:{{{policy.name}:{digest}}}:{window.seconds}")
            arguments += [window.amount, window.seconds * _MILLISECONDS]
        allowed, *found = await self._link.run(lambda: self._script(keys=keys, args=arguments))
        states = [
            (max(0, window.amount - count), left / _MILLISECONDS if left > 0 else 0.0)
            for window, count, left in zip(policy.windows, found[::2], found[1::2], strict=True)
        ]
        return Verdict(bool(allowed), states)

    async def close(self) -> None:
        """Nothing of its own: the link belongs to whoever made it."""


class FallbackCounters:
    """Counts in Redis, and on this host while Redis is away: at the same quota, from zero."""

    def __init__(self, remote: Counters, local: Counters) -> None:
        self._remote = remote
        self._local = local

    async def hit(self, policy: Policy, key: str) -> Verdict:
        try:
            return await self._remote.hit(policy, key)
        except RedisAwayError:
            return await self._local.hit(policy, key)

    async def close(self) -> None:
        await self._remote.close()
        await self._local.close()
