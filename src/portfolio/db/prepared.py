"""Statements that are compiled once and then only run.

Through SQLAlchemy's execution machinery a small read on SQLite costs twenty times the read itself.
On the embedded reader a Prepared therefore hands its SQL text to the driver and converts the rows;
on every other connection it is executed as any statement.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import CompoundSelect, Connection, Engine, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from portfolio.db.sqlite import InlineReader

T = TypeVar("T")
Row = Sequence[Any]
Convert = Callable[[Any], Any]
Readable = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


class Prepared:
    """A SELECT whose values come with each run; an expanding parameter takes a sequence."""

    def __init__(self, statement: Readable) -> None:
        self.statement = statement
        self._plan: _Plan | None = None

    def plan(self, dialect: Dialect) -> "_Plan":
        if self._plan is None:
            self._plan = _Plan(self.statement, dialect)
        return self._plan


Run = Callable[[Prepared, Mapping[str, Any]], Sequence[Row]]


async def prepared(db: AsyncSession, read: Callable[[Run], T]) -> T:
    """What `read` makes of prepared statements, run on the connection of this session.

    On the embedded reader nothing waits, and none of SQLAlchemy's machinery for it is needed.
    """
    bind = db.sync_session.get_bind()
    if isinstance(bind, Engine) and isinstance(bind.dialect, InlineReader):
        return read(_inline(bind.dialect))
    return await db.run_sync(lambda session: read(_executing(session.connection())))


def _inline(dialect: InlineReader) -> Run:
    execute = dialect.plain().execute
    return lambda statement, values: statement.plan(dialect).rows(execute, values)


def _executing(connection: Connection) -> Run:
    return lambda statement, values: connection.execute(statement.statement, values).all()


class _Plan:
    """SQL text, and what turns Python's values into the driver's and back."""

    def __init__(self, statement: Readable, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what a SELECT compiles to
        binds = compiled._bind_processors  # noqa: SLF001 - no public way to what execution uses
        constants = compiled.construct_params(_check=False)
        expanding = {bind.key for bind in compiled.post_compile_params}
        self._parameters: list[tuple[str, Any, Any, bool]] = [
            (
                name,
                constants[name],
                None if name in expanding else binds.get(name),
                name in expanding,
            )
            for name in compiled.positiontup or ()
        ]
        columns = compiled._result_columns  # noqa: SLF001 - no public way to what execution uses
        converters = [_converter(column.type, dialect) for column in columns]
        self._converters: list[tuple[int, Convert]] = [
            (index, convert) for index, convert in enumerate(converters) if convert
        ]
        self._sql = compiled.string
        self._text = lru_cache(maxsize=128)(self._text_for)

    def rows(self, execute: Callable[..., Any], values: Mapping[str, Any]) -> Sequence[Row]:
        parameters: list[Any] = []
        lengths = []
        for name, constant, convert, expands in self._parameters:
            value = values.get(name, constant)
            if expands:
                parameters += value
                lengths.append((name, len(value)))
            else:
                parameters.append(convert(value) if convert else value)
        found = execute(self._text(tuple(lengths)), parameters).fetchall()
        return [self._converted(row) for row in found] if self._converters else found

    def _converted(self, row: Row) -> Row:
        values = list(row)
        for index, convert in self._converters:
            values[index] = convert(values[index])
        return values

    def _text_for(self, lengths: tuple[tuple[str, int], ...]) -> str:
        text = self._sql
        for name, length in lengths:
            text = text.replace(f"__[POSTCOMPILE_{name}]", ", ".join("?" * length))
        return text


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind._cached_result_processor(dialect, None)  # noqa: SLF001 - as execution does
