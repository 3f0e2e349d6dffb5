"""Column types with one meaning on every database."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, Unicode, UnicodeText
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from portfolio.core.lazy import LazyModule

if TYPE_CHECKING:
    from sqlalchemy.dialects import mssql
else:
    mssql = LazyModule("sqlalchemy.dialects.mssql")


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out. Raises ValueError for a naive value."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "mssql":
            return dialect.type_descriptor(mssql.DATETIMEOFFSET(6))  # type: ignore[no-untyped-call]  # untyped upstream
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.astimezone(UTC)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        # Read for each row of each list: SQLite's text goes the shortest way.
        return (
            _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)
        )


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


class JSONText(TypeDecorator[Any]):
    """JSON kept as Unicode text, which all engines store alike."""

    impl = UnicodeText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        del dialect
        return _from_json(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        # All drivers hand over text: no conversion goes before ours.
        del dialect, coltype
        return _from_json


def _from_json(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)


def enum_of(kind: type[StrEnum], name: str) -> Enum:
    """A VARCHAR column with a named CHECK that holds the values of `kind`."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


BIGINT = BigInteger().with_variant(Integer, "sqlite")
SLUG_LENGTH = 120
ADDRESS_LENGTH = 400  # an index key holds 1,700 bytes on SQL Server
URL_LENGTH = 2000

PrimaryKey = Annotated[int, mapped_column(BIGINT, primary_key=True)]
Slug = Annotated[str, mapped_column(Unicode(SLUG_LENGTH))]
ShortText = Annotated[str, mapped_column(Unicode(300))]
Url = Annotated[str, mapped_column(Unicode(URL_LENGTH))]
LongText = Annotated[str, mapped_column(UnicodeText)]
Moment = Annotated[datetime, mapped_column(UTCDateTime)]
Json = Annotated[Any, mapped_column(JSONText)]
