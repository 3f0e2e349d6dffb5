"""What a database error means to the caller: decided by number and SQLSTATE, never by text."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

from portfolio.core.errors import (
    ConflictException,
    InvalidInputException,
    RetryableException,
    UnavailableException,
)

RETRYABLE_STATES = {"40001", "40P01", "55P03"}
RETRYABLE_NUMBERS = {1205, 1222, 3960}  # SQL Server: deadlock, lock timeout, snapshot conflict
SQLITE_RETRYABLE = {5, 6}  # SQLITE_BUSY, SQLITE_LOCKED
SQLITE_UNUSABLE = {10, 13, 14}  # SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
DATA = "22"  # SQLSTATE: a value that its column or type cannot hold
TOO_LARGE = "A value is too long or out of range"
CONNECTION_CLASSES = {"08", "53", "57"}  # SQLSTATE: connection, resources, operator intervention


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a driver raises into RetryableException or a member of the AppError family."""
    try:
        yield
    except Exception as error:
        meant = meaning(error)
        if meant is None:
            raise
        raise meant from error


def meaning(error: BaseException) -> Exception | None:  # noqa: C901, PLR0911 - one for each case
    """What to raise in the place of a database error; None for what is none, or a defect."""
    match error:
        case StaleDataError():
            return RetryableException()
        case IntegrityError():
            return RetryableException() if _retryable(error) else ConflictException()
        case DataError():
            return InvalidInputException(TOO_LARGE)
        case PoolTimeoutError():
            return UnavailableException("The database is busy; try again", retry_after=1)
        case DBAPIError():
            if _retryable(error):
                return RetryableException()
            if _state(error).startswith(DATA):
                # asyncpg's own; SQLAlchemy has no DataError for it.
                return InvalidInputException(TOO_LARGE)
            return _away() if error.connection_invalidated or _unreachable(error) else None
        case sqlite3.Error():
            # From a prepared read, which goes past SQLAlchemy.
            return meaning(DBAPIError(None, None, error))
        case SQLAlchemyError():
            return None
        case OSError():
            # asyncpg raises the socket's own error when nobody listens.
            return _away()
    return None


def _away() -> UnavailableException:
    return UnavailableException("The database cannot be reached; try again", retry_after=2)


def _state(error: DBAPIError) -> str:
    first = error.orig.args[0] if error.orig is not None and error.orig.args else ""
    return str(getattr(error.orig, "sqlstate", None) or first)


def _retryable(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in SQLITE_RETRYABLE
    return _state(error) in RETRYABLE_STATES or bool(_numbers(error) & RETRYABLE_NUMBERS)


def _numbers(error: DBAPIError) -> set[int]:
    # pyodbc hands over SQL Server's error number in parentheses at the end of the message.
    return {int(number) for number in re.findall(r"\((\d{3,5})\)", str(error.orig))}


def _unreachable(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in SQLITE_UNUSABLE
    return _state(error)[:2] in CONNECTION_CLASSES or _state(error) == "HYT00"
