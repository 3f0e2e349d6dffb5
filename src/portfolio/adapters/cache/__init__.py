"""The cache: entries in each process, and tags that are raised in all of them at once."""

from portfolio.adapters.cache.cache import Cache
from portfolio.adapters.cache.fence import Fence
from portfolio.adapters.cache.remote import RedisVersions
from portfolio.adapters.cache.versions import CacheAwayError, MappedVersions, Versions
from portfolio.adapters.redis import RedisLink
from portfolio.core.config import Settings

__all__ = ["Cache", "CacheAwayError", "create_cache"]

_MEGABYTE = 1024 * 1024


def create_cache(settings: Settings, redis: RedisLink | None, fence: Fence) -> Cache:
    """Versions where all see them who write to this site: in a file of this host, or in Redis.

    The fence tells those of several hosts what Redis cannot.

    Raises SettingsError where DATA_DIR cannot be written.
    """
    versions: Versions
    if redis is None:
        versions = MappedVersions(settings.storage.data_dir / "run" / "cache")
    else:
        versions = RedisVersions(redis, fence)
    return Cache(versions, settings.cache.max_mb * _MEGABYTE, settings.cache.ttl)
