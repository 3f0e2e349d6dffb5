"""Every statement that any test runs is compiled for SQL Server too, wherever it runs."""

import re
from typing import Any

from sqlalchemy import ClauseElement, Engine, event
from sqlalchemy.dialects import mssql

DIALECT = mssql.dialect(deprecate_large_types=True)  # type: ignore[no-untyped-call]  # untyped
DIALECT._supports_offset_fetch = True  # what it would find out from a server of 2012 or later
# What compiles and is refused by the server all the same.
INVALID = re.compile(r"\bIS [01]\b|\bNULLS (?:FIRST|LAST)\b|\bLIMIT\b|\bFOR UPDATE\b|\) [<>]=? \(")
_seen: set[Any] = set()


def must_compile(engine: Engine) -> None:
    @event.listens_for(engine, "before_execute")
    def compile_too(_connection: object, statement: object, *_rest: object) -> None:
        if not isinstance(statement, ClauseElement):
            return
        key = statement._generate_cache_key()
        if key is None or key.key not in _seen:
            check(statement)
            _seen.add(key.key if key else None)


def check(statement: ClauseElement) -> str:
    """The statement as SQL Server would get it. Raises AssertionError for what it cannot run."""
    sql = str(statement.compile(dialect=DIALECT))
    assert not INVALID.search(sql), f"SQL Server cannot run: {sql}"
    return sql
