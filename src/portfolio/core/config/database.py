from pydantic import Field

from portfolio.core.config.group import Group


class DatabaseSettings(Group):
    url: str | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="mssql+aioodbc://…, postgresql+asyncpg://… or sqlite+aiosqlite:///… (default: SQLite in DATA_DIR)",
    )
    replica_url: str | None = Field(
        None,
        # With a password in it: `portfolio settings` masks that, repr() would not.
        repr=False,
        validation_alias="DATABASE_REPLICA_URL",
        description="A streaming replica of the server in DATABASE_URL, to read from for visitors (default: none)",
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
