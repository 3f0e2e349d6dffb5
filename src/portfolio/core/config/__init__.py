"""Every setting: its variable, its default and what it is for. Read once, at start."""

from pydantic import BaseModel, ConfigDict, Field

from portfolio.core.config.cache import CacheSettings
from portfolio.core.config.comments import CommentSettings
from portfolio.core.config.contact import ContactSettings
from portfolio.core.config.database import DatabaseSettings
from portfolio.core.config.group import ENV_FILE, Group
from portfolio.core.config.limits import LimitSettings
from portfolio.core.config.live import LiveSettings
from portfolio.core.config.logging import LoggingSettings
from portfolio.core.config.mail import MailSettings
from portfolio.core.config.reactions import ReactionSettings
from portfolio.core.config.redis import RedisSettings
from portfolio.core.config.security import MINIMUM_SECRET, SecuritySettings
from portfolio.core.config.server import Network, ServerSettings
from portfolio.core.config.site import SiteSettings
from portfolio.core.config.storage import StorageSettings

__all__ = [
    "ENV_FILE",
    "MINIMUM_SECRET",
    "CacheSettings",
    "CommentSettings",
    "ContactSettings",
    "DatabaseSettings",
    "Group",
    "LimitSettings",
    "LiveSettings",
    "LoggingSettings",
    "MailSettings",
    "Network",
    "ReactionSettings",
    "RedisSettings",
    "SecuritySettings",
    "ServerSettings",
    "Settings",
    "SiteSettings",
    "StorageSettings",
]


class Settings(BaseModel):
    """All groups together; environment.load() fills them."""

    model_config = ConfigDict(frozen=True)

    server: ServerSettings = Field(default_factory=ServerSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    security: SecuritySettings = Field(default_factory=SecuritySettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    site: SiteSettings = Field(default_factory=SiteSettings)
    comments: CommentSettings = Field(default_factory=CommentSettings)
    reactions: ReactionSettings = Field(default_factory=ReactionSettings)
    contact: ContactSettings = Field(default_factory=ContactSettings)
    live: LiveSettings = Field(default_factory=LiveSettings)
    cache: CacheSettings = Field(default_factory=CacheSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)

    @property
    def database_url(self) -> str:
        """DATABASE_URL, or the embedded database in DATA_DIR."""
        embedded = (self.storage.data_dir / "portfolio.db").absolute()
        return self.database.url or f"sqlite+aiosqlite:///{embedded}"

    @property
    def account_url(self) -> str:
        """Where links in mails lead, without a slash at the end."""
        return (self.server.account_url or f"{self.server.address}/account").rstrip("/")
