"""Column types with one meaning on every database."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, Unicode, UnicodeText
from sqlalchemy.dialects.mssql import DATETIMEOFFSET
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out. Raises ValueError for a naive value."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "mssql":
            return dialect.type_descriptor(DATETIMEOFFSET(6))  # type: ignore[no-untyped-call]  # untyped upstream
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
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JSONText(TypeDecorator[Any]):
    """JSON kept as Unicode text, which all engines store alike."""

    impl = UnicodeText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else json.loads(value)


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
