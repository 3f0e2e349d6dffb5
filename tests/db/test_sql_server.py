"""What breaks on SQL Server only, found without one."""

from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Enum, String, Table, UniqueConstraint
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeDecorator, UnicodeText
from tests.sql_server import DIALECT, check

from portfolio.core.pagination import Sort
from portfolio.db.repositories.listings import Shape
from portfolio.db.repositories.posts import BlogPostRepository
from portfolio.db.repositories.projects import ProjectRepository
from portfolio.db.repositories.visibility import SCOPES
from portfolio.models import Base

TABLES = Base.metadata.sorted_tables
KEY_BYTES = 1700
NAME_LENGTH = 63  # PostgreSQL cuts longer ones
each_table = pytest.mark.parametrize("table", TABLES, ids=str)
each_repository = pytest.mark.parametrize(
    "repository", [BlogPostRepository(), ProjectRepository()], ids=["posts", "projects"]
)


def keys(table: Table) -> Iterator[tuple[str, list[Any]]]:
    """Whatever is backed by an index, with its columns."""
    yield "primary key", list(table.primary_key.columns)
    for index in table.indexes:
        yield str(index.name), list(index.columns)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield str(constraint.name), list(constraint.columns)


def width(column: Any) -> int:
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    assert not isinstance(kind, UnicodeText), f"{column} is NVARCHAR(max): it cannot be a key"
    if isinstance(kind, Enum):
        return int(kind.length or 0)
    return 2 * int(kind.length or 0) if isinstance(kind, String) else 10


@each_table
class TestTable:
    def test_compiles(self, table: Table) -> None:
        sql = str(CreateTable(table).compile(dialect=DIALECT))
        assert "NTEXT" not in sql
        assert " TEXT" not in sql
        for column in table.columns:
            if isinstance(column.type, String) and not isinstance(column.type, Enum):
                assert f"{column.name} NVARCHAR" in sql.replace("[", "").replace("]", "")
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=DIALECT))

    def test_has_keys_that_fit(self, table: Table) -> None:
        for name, columns in keys(table):
            assert sum(map(width, columns)) <= KEY_BYTES, name

    def test_has_unique_columns_that_are_never_null(self, table: Table) -> None:
        for constraint in table.constraints:
            if isinstance(constraint, UniqueConstraint):
                assert not any(column.nullable for column in constraint.columns)

    def test_names_its_constraints(self, table: Table) -> None:
        for constraint in table.constraints:
            assert constraint.name
            assert len(str(constraint.name)) <= NAME_LENGTH
        checks = [each for each in table.constraints if isinstance(each, CheckConstraint)]
        choices = [column for column in table.columns if isinstance(column.type, Enum)]
        assert len(checks) == len(choices)


class TestSchema:
    def test_has_no_name_twice(self) -> None:
        named = [each for table in TABLES for each in (*table.constraints, *table.indexes)]
        names = Counter(str(getattr(each, "name", None)) for each in named)
        assert [name for name, number in names.items() if number > 1] == []

    def test_deletes_by_one_path_only(self) -> None:
        below: dict[str, list[str]] = {table.name: [] for table in TABLES}
        for table in TABLES:
            for key in table.foreign_keys:
                if key.ondelete not in {None, "NO ACTION"}:
                    below[key.column.table.name].append(table.name)

        def reached(name: str) -> Iterator[str]:
            for child in below[name]:
                yield child
                yield from reached(child)

        for table in TABLES:
            paths = Counter(reached(table.name))
            assert [child for child, number in paths.items() if number > 1] == []


@each_repository
class TestStatements:
    def test_of_lists_compile_in_every_shape(self, repository: Any) -> None:
        filters = [frozenset[str](), *(frozenset({name}) for name in repository.filters)]
        filters.append(frozenset(repository.filters))
        for scope, names in product(SCOPES, filters):
            check(repository._count(scope, names).statement)
            choices = product(repository.sortable, *[(False, True)] * 3)
            for key, descending, by_cursor, ready in choices:
                shape = Shape(scope, names, Sort(key, descending), by_cursor, ready)
                sql = check(repository._list(shape).statement)
                assert "ORDER BY" in sql
                assert "FETCH" in sql or " TOP " in sql

    def test_of_details_and_neighbours_compile(self, repository: Any) -> None:
        for by_id, scope in product((False, True), SCOPES):
            check(repository._detail(by_id, scope).statement)
        check(repository._related(5, 3).statement)
