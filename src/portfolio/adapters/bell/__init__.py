"""The bell: it tells other processes that there is something new to be read."""

from portfolio.adapters.bell.bell import Bell, Bells
from portfolio.adapters.bell.host import HostBell
from portfolio.adapters.bell.remote import RedisBell
from portfolio.adapters.redis import RedisLink
from portfolio.core.config import Settings

__all__ = ["Bell", "create_bell"]


def create_bell(settings: Settings, redis: RedisLink | None) -> Bell:
    """Heard by all processes of this host, and with Redis by those of other hosts.

    Raises SettingsError where DATA_DIR cannot be written.
    """
    here = HostBell(settings.storage.data_dir / "run" / "live" / "bell")
    return here if redis is None else Bells([here, RedisBell(redis)])
