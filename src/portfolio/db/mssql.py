"""SQL Server: which ODBC driver there is, and what each needs."""

import importlib
import importlib.util
import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from portfolio.core.config import DatabaseSettings
from portfolio.core.environment import SettingsError

MICROSOFT = "ODBC Driver 18 for SQL Server"


def create(url: URL, settings: DatabaseSettings, **options: Any) -> AsyncEngine:
    """An engine over aioodbc. Raises SettingsError naming what must be installed."""
    pyodbc = _load("pyodbc")
    _load("aioodbc")
    pyodbc.pooling = False
    driver = settings.odbc_driver or url.query.get("driver") or find_driver(pyodbc.drivers())
    options = {"pool_pre_ping": True, **options}
    if "tdsodbc" in str(driver).lower() or "freetds" in str(driver).lower():
        # FreeTDS answers HY090 to the types that SQLAlchemy announces ahead of the values.
        options["use_setinputsizes"] = False
    return create_async_engine(
        url.update_query_dict({"driver": str(driver)}),
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        pool_recycle=settings.pool_recycle,
        hide_parameters=True,
        # aioodbc would share the loop's few default threads with everything else.
        connect_args={
            "executor": ThreadPoolExecutor(
                settings.pool_size + settings.max_overflow, thread_name_prefix="odbc"
            )
        },
        **options,
    )


def find_driver(installed: list[str]) -> str:
    """Microsoft's driver if the system has it, else the one in the mssql-python wheel, else FreeTDS.

    Raises SettingsError when there is none.
    """
    microsoft = sorted(name for name in installed if name.endswith("for SQL Server"))
    if microsoft:
        return MICROSOFT if MICROSOFT in microsoft else microsoft[-1]
    carried = importlib.util.find_spec("mssql_python_odbc")
    if carried and carried.submodule_search_locations:
        root = Path(next(iter(carried.submodule_search_locations))) / "libs"
        for library in sorted(root.glob(_platform_pattern())):
            return str(library)
    if "FreeTDS" in installed:
        return "FreeTDS"
    raise SettingsError(
        [
            (
                "DATABASE_URL: SQL Server needs an ODBC driver: install Microsoft's msodbcsql18, or"
                " the wheel mssql-python, or the package tdsodbc; or name one: DATABASE_ODBC_DRIVER"
            )
        ]
    )


def _platform_pattern() -> str:
    folder = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
    return f"linux/debian_ubuntu/{folder}/lib/libmsodbcsql*"


def _load(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise SettingsError(
            [f"DATABASE_URL: SQL Server needs {name}: pip install 'portfolio-backend[mssql]'"]
        ) from error
    except ImportError as error:
        raise SettingsError(
            [f"DATABASE_URL: {name} needs the system library libodbc.so.2 (package unixodbc)"]
        ) from error
