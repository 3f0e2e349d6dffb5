"""Every setting: its variable, its default and what it is for. Read once, at start."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENV_FILE = ".env"
MINIMUM_SECRET = 32  # bytes: RFC 7518, 3.2
Network = IPv4Network | IPv6Network


def _split(value: Any) -> Any:
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


class Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ENV_FILE, extra="ignore", populate_by_name=True, env_ignore_empty=True, frozen=True
    )


class ServerSettings(Group):
    environment: Literal["development", "production", "test"] = Field(
        "development",
        validation_alias="ENVIRONMENT",
        description="`production` hides the docs and asks for secrets of your own",
    )
    host: str = Field("127.0.0.1", validation_alias="HOST", description="Address to listen on")
    port: int = Field(
        8000, ge=0, le=65535, validation_alias="PORT", description="Port to listen on"
    )
    workers: int = Field(1, ge=1, le=64, validation_alias="WORKERS", description="Server processes")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        validation_alias="PUBLIC_URL",
        description="Address of this API as browsers see it",
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        ["*"],
        validation_alias="ALLOWED_HOSTS",
        description="Host names answered to; `*` for any, `*.example.com` for subdomains",
    )
    allowed_origins: Annotated[list[str], NoDecode] = Field(
        [],
        validation_alias="ALLOWED_ORIGINS",
        description="Origins whose pages may call the API from a browser (CORS), exact",
    )
    trusted_proxies: Annotated[list[Network], NoDecode] = Field(
        [],
        validation_alias="TRUSTED_PROXIES",
        description="Addresses or networks whose X-Forwarded-* headers are believed",
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1024, validation_alias="MAX_BODY_BYTES", description="Largest request body"
    )
    docs_enabled: bool | None = Field(
        None,
        validation_alias="DOCS_ENABLED",
        description="Serve /docs, /redoc and /openapi.json (default: not in production)",
    )
    metrics_clients: Annotated[list[Network], NoDecode] = Field(
        ["127.0.0.0/8", "::1"],
        validate_default=True,
        validation_alias="METRICS_CLIENTS",
        description="Addresses or networks that may read /metrics",
    )

    @field_validator("allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        return _split(value)

    @field_validator("trusted_proxies", "metrics_clients", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        return [ip_network(part, strict=False) for part in _split(value)]

    @field_validator("allowed_origins")
    @classmethod
    def _exact_origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            scheme, _, rest = origin.partition("://")
            if scheme not in {"http", "https"} or not rest or set(rest) & set("/*?#@ "):
                raise ValueError(f"{origin!r} is no origin; write it like https://example.com")
        return value

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def serves_docs(self) -> bool:
        return not self.production if self.docs_enabled is None else self.docs_enabled

    @property
    def address(self) -> str:
        """Where this API is reached: PUBLIC_URL, or the address that it listens on."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


class DatabaseSettings(Group):
    url: str | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="mssql+aioodbc://…, postgresql+asyncpg://… or sqlite+aiosqlite:///… (default: SQLite in DATA_DIR)",
    )
    odbc_driver: str | None = Field(
        None,
        validation_alias="DATABASE_ODBC_DRIVER",
        description="ODBC driver for SQL Server, by name or path (default: found by itself)",
    )
    pool_size: int = Field(
        10,
        ge=1,
        validation_alias="DATABASE_POOL_SIZE",
        description="Connections kept open to a database server",
    )
    max_overflow: int = Field(
        20,
        ge=0,
        validation_alias="DATABASE_MAX_OVERFLOW",
        description="Connections opened beyond those under load",
    )
    pool_timeout: float = Field(
        2.0,
        gt=0,
        validation_alias="DATABASE_POOL_TIMEOUT",
        description="Seconds to wait for a connection before 503",
    )
    pool_recycle: int = Field(
        1500,
        ge=1,
        validation_alias="DATABASE_POOL_RECYCLE",
        description="Seconds after which a connection is replaced",
    )


class SecuritySettings(Group):
    secret_key: SecretStr | None = Field(
        None,
        validation_alias="SECRET_KEY",
        description="Signs tokens; 32 bytes at least (default: made once, kept in DATA_DIR)",
    )
    secret_key_previous: Annotated[list[SecretStr], NoDecode] = Field(
        [],
        validation_alias="SECRET_KEY_PREVIOUS",
        description="Keys that signed tokens still in use, while rotating",
    )
    password_pepper: SecretStr | None = Field(
        None,
        validation_alias="PASSWORD_PEPPER",
        description="Mixed into password hashes; 32 bytes at least (default: made once, kept in DATA_DIR)",
    )
    bcrypt_cost: int = Field(
        12,
        ge=4,
        le=16,
        validation_alias="BCRYPT_COST",
        description="Work of a password hash; 10 at least outside tests",
    )
    access_token_minutes: int = Field(
        15,
        ge=1,
        le=15,
        validation_alias="ACCESS_TOKEN_MINUTES",
        description="Life of an access token",
    )
    admin_email: str | None = Field(
        None,
        validation_alias="ADMIN_EMAIL",
        description="Creates the first admin, once, together with ADMIN_PASSWORD",
    )
    admin_password: SecretStr | None = Field(
        None, validation_alias="ADMIN_PASSWORD", description="Password of that admin"
    )

    @field_validator("secret_key_previous", mode="before")
    @classmethod
    def _keys(cls, value: Any) -> Any:
        return _split(value)

    @field_validator("secret_key", "password_pepper")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < MINIMUM_SECRET:
            raise ValueError("needs 32 bytes at least; `openssl rand -hex 32` makes one")
        return value


class StorageSettings(Group):
    data_dir: Path = Field(
        Path(".data"),
        validation_alias="DATA_DIR",
        description="Embedded database, media and generated secrets",
    )


class SiteSettings(Group):
    url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        validation_alias=AliasChoices("SITE_URL", "FRONTEND_URL"),
        description="Address of the front end, for links (also FRONTEND_URL)",
    )
    name: str = Field(
        "Portfolio", max_length=100, validation_alias="SITE_NAME", description="Name of the site"
    )
    post_path: str = Field(
        "/posts/{slug}",
        pattern=r"^/.*\{slug\}",
        validation_alias="POST_PATH",
        description="Where the front end shows a post",
    )
    project_path: str = Field(
        "/projects/{slug}",
        pattern=r"^/.*\{slug\}",
        validation_alias="PROJECT_PATH",
        description="Where the front end shows a project",
    )


class CacheSettings(Group):
    max_age: int = Field(
        0,
        ge=0,
        validation_alias="CACHE_MAX_AGE",
        description="Seconds for which browsers and CDNs may keep a public answer unasked",
    )
    stale_while_revalidate: int = Field(
        0,
        ge=0,
        validation_alias="CACHE_STALE_WHILE_REVALIDATE",
        description="Seconds for which they may serve it while asking again",
    )


class LoggingSettings(Group):
    format: Literal["auto", "json", "console"] = Field(
        "auto",
        validation_alias="LOG_FORMAT",
        description="`json` lines, or `console` for people (default: console on a terminal)",
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", validation_alias="LOG_LEVEL", description="Least severity that is logged"
    )


class Settings(BaseModel):
    """All groups together; environment.load() fills them."""

    model_config = ConfigDict(frozen=True)

    server: ServerSettings = Field(default_factory=ServerSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    security: SecuritySettings = Field(default_factory=SecuritySettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    site: SiteSettings = Field(default_factory=SiteSettings)
    cache: CacheSettings = Field(default_factory=CacheSettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)

    @property
    def database_url(self) -> str:
        """DATABASE_URL, or the embedded database in DATA_DIR."""
        embedded = (self.storage.data_dir / "portfolio.db").absolute()
        return self.database.url or f"sqlite+aiosqlite:///{embedded}"
