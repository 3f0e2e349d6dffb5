"""What one change writes, found by comparing two databases, and the same rows by bare sqlite3."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any


@dataclass(frozen=True)
class Written:
    """A row that was added, or `values` that changed in the row with this `key`.

    `steps`: by how much a number goes up when the same is written once more.
    """

    table: str
    values: dict[str, Any]
    key: dict[str, Any] | None = None
    steps: Mapping[str, int] = field(default_factory=dict)

    def statement(self) -> str:
        if self.key is None:
            names, marks = ", ".join(map(_quoted, self.values)), ", ".join("?" * len(self.values))
            return f"INSERT INTO {_quoted(self.table)} ({names}) VALUES ({marks})"
        sets = ", ".join(f"{_quoted(name)} = ?" for name in self.values)
        key = " AND ".join(f"{_quoted(name)} = ?" for name in self.key)
        return f"UPDATE {_quoted(self.table)} SET {sets} WHERE {key}"

    def parameters(self, times: int, marker: str) -> list[Any]:
        number = str(int(marker) + times)
        return [
            (
                value.replace(marker, number)
                if isinstance(value, str)
                else value + times * self.steps[name] if name in self.steps else value
            )
            for name, value in self.values.items()
        ] + list((self.key or {}).values())


def copy(database: Path, to: Path) -> Path:
    """Whole, whoever has it open."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


def repeat(database: Path, rows: Sequence[Written], marker: str, seconds: float) -> float:
    """Write the same again and again, each time in a durable transaction; how often in a second.

    What has to be new each time is counted up: `marker` in texts, and numbers by their steps.
    """
    statements = [(row, row.statement()) for row in rows]
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        start, times = perf_counter(), 0
        while (now := perf_counter()) < start + seconds:
            times += 1
            connection.execute("BEGIN IMMEDIATE")
            for row, sql in statements:
                connection.execute(sql, row.parameters(times, marker))
            connection.execute("COMMIT")
        return times / (now - start)


def difference(before: Path, after: Path, marker: str) -> list[Written]:
    """The rows in which they differ. Raises ValueError for one that is gone, or if there is none."""
    with closing(sqlite3.connect(after)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("ATTACH ? AS before", [str(before)])
        tables = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
        found = [row for (table,) in tables.fetchall() for row in _changes(connection, table)]
        if not found:
            raise ValueError("nothing was written")
        return [_repeatable(connection, row, found, marker) for row in found]


def _changes(connection: sqlite3.Connection, table: str) -> Iterator[Written]:
    columns = connection.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    names = [column["name"] for column in sorted(columns, key=lambda c: c["pk"]) if column["pk"]]
    key, name = ", ".join(map(_quoted, names)), _quoted(table)
    gone = f"SELECT {key} FROM before.{name} EXCEPT SELECT {key} FROM main.{name}"
    if connection.execute(gone).fetchone():
        raise ValueError(f"rows of {table} were deleted")
    where = " AND ".join(f"{_quoted(part)} = ?" for part in names)
    new = f"SELECT * FROM main.{name} EXCEPT SELECT * FROM before.{name}"
    for row in connection.execute(new).fetchall():
        values, identity = dict(row), [row[part] for part in names]
        found = connection.execute(f"SELECT * FROM before.{name} WHERE {where}", identity)
        old = found.fetchone()
        if old is None:
            yield Written(table, values)
        else:
            changed = {part: value for part, value in values.items() if value != old[part]}
            steps = {part: 1 for part, value in changed.items() if isinstance(value, int)}
            yield Written(table, changed, dict(zip(names, identity, strict=True)), steps)


def _repeatable(
    connection: sqlite3.Connection, row: Written, rows: Sequence[Written], marker: str
) -> Written:
    """With steps for its own number and those of new rows, and a marker in all that is unique."""
    if row.key is not None:
        return row
    added = Counter(other.table for other in rows if other.key is None)
    of = {(other.table, other.values.get("id")) for other in rows if other.key is None}
    titled = next((o for o in rows if marker in str(o.values.get("title"))), row)
    steps = {
        name: added[titled.table]
        for name, value in row.values.items()
        if name.endswith("_id") and value == titled.values.get("id")
    }
    if "id" in row.values:
        steps["id"] = added[row.table]
    table = _quoted(row.table)
    for key in connection.execute(f"PRAGMA foreign_key_list({table})").fetchall():
        if (key["table"], row.values[key["from"]]) in of:
            steps[key["from"]] = added[key["table"]]
    values = dict(row.values)
    for names in _unique(connection, row.table):
        texts = [name for name in names if isinstance(values[name], str)]
        if not (steps.keys() & names or any(marker in values[name] for name in texts)):
            values.update({name: f"{marker:x>{len(values[name])}}" for name in texts})
    return replace(row, values=values, steps=steps)


def _unique(connection: sqlite3.Connection, table: str) -> list[set[str]]:
    indexes = connection.execute(f"PRAGMA index_list({_quoted(table)})").fetchall()
    return [
        {
            part["name"]
            for part in connection.execute(f"PRAGMA index_info({_quoted(index['name'])})")
        }
        for index in indexes
        if index["unique"]
    ]


def _quoted(name: str) -> str:
    return f'"{name}"'
