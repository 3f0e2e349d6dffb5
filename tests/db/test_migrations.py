"""The one history of the schema, in a database of its own."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, insert, inspect, text
from sqlalchemy import table as table_of
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.databases import scratch_database

from portfolio.core.config import DatabaseSettings, Settings
from portfolio.core.environment import SettingsError
from portfolio.db import migrate
from portfolio.db.engine import create_engines
from portfolio.models import Base

REVISIONS = [f"{number:04}" for number in range(1, 14)]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with scratch_database(tmp_path) as empty:
        yield empty


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    engines = create_engines(Settings(database=DatabaseSettings(url=url)))
    yield engines.write
    await engines.dispose()


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    return made


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return set(found) - {"alembic_version"}


async def revisions(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list(await connection.scalars(text("SELECT version_num FROM alembic_version")))


class TestHistory:
    def test_is_one_line_that_ends_at_head(self) -> None:
        scripts = ScriptDirectory.from_config(config())
        assert scripts.get_heads() == [migrate.HEAD]
        walked = [script.revision for script in scripts.walk_revisions()]
        assert walked == sorted(walked, reverse=True)
        assert not any(script.is_branch_point for script in scripts.walk_revisions())


class TestUpgrade:
    async def test_makes_every_table_and_leads_back_to_none(self, engine: AsyncEngine) -> None:
        for _ in range(2):
            await migrate.upgrade(engine)
            assert await tables(engine) == Base.metadata.tables.keys()
            assert await revisions(engine) == [migrate.HEAD]
            await migrate.downgrade(engine, "base")
            assert await tables(engine) == set()

    async def test_goes_one_step_after_the_other(self, engine: AsyncEngine) -> None:
        for revision in REVISIONS:
            await migrate.upgrade(engine, revision)
            assert await revisions(engine) == [revision]
        assert REVISIONS[-1] == migrate.HEAD
        for revision in reversed(REVISIONS[:-1]):
            await migrate.downgrade(engine, revision)
            assert await revisions(engine) == [revision]

    async def test_does_nothing_where_all_is_done(self, engine: AsyncEngine) -> None:
        await migrate.upgrade(engine)
        await migrate.upgrade(engine)
        assert await revisions(engine) == [migrate.HEAD]

    async def test_makes_what_the_models_say(self, engine: AsyncEngine) -> None:
        await migrate.upgrade(engine)

        def check(connection: Connection) -> None:
            command.check(migrate.configured(connection))

        async with engine.begin() as connection:
            await connection.run_sync(check)

    async def test_notes_which_files_are_shown(self, engine: AsyncEngine) -> None:
        await migrate.upgrade(engine, "0010")
        now = datetime.now(UTC)
        shared = {"created_at": now, "updated_at": now, "version": 1, "url": "x", "position": 0}
        owned: dict[str, Any] = {"entity_type": "posts", "entity_id": 7}
        free: dict[str, Any] = {"entity_type": None, "entity_id": None}
        listed = [json.dumps([{"url": f"/media/{key}"} for key in keys]) for keys in ("bc", "xy")]
        rows: dict[str, list[dict[str, Any]]] = {
            "images": [
                {"id": 1, **owned, "storage_key": "a", "variants": listed[0]},
                {"id": 2, **free, "storage_key": "a", "variants": None},
                {"id": 3, **owned, "storage_key": None, "variants": None},
            ],
            "videos": [
                {"id": 1, **owned, "storage_key": "v", "poster_key": "p", "captions": listed[1]},
                {"id": 2, **free, "storage_key": None, "poster_key": None, "captions": "[]"},
            ],
        }
        rest: dict[str, dict[str, Any]] = {
            "images": {"is_cover": False},
            "videos": {"provider": "file"},
        }
        async with engine.begin() as connection:
            for name, given in rows.items():
                complete = [{**shared, **rest[name], **row} for row in given]
                into = table_of(name, *map(column, complete[0]))
                await connection.execute(insert(into), complete)
        for _ in range(2):
            await migrate.upgrade(engine, "0011")
            async with engine.connect() as connection:
                found = await connection.execute(
                    text("SELECT used_by, used_by_id, key, entity_type, entity_id FROM file_uses")
                )
                assert sorted(map(tuple, found), key=str) == [
                    *(("images", 1, key, "posts", 7) for key in "abc"),
                    ("images", 2, "a", None, None),
                    *(("videos", 1, key, "posts", 7) for key in "pvxy"),
                ]
            await migrate.downgrade(engine, "0010")

    async def test_notes_which_files_a_profile_names(self, engine: AsyncEngine) -> None:
        await migrate.upgrade(engine, "0010")
        keys = [f"{digit * 2}/{digit * 38}.png" for digit in "abc"]
        now = datetime.now(UTC)
        shared = {"id": 3, "created_at": now, "updated_at": now, "version": 1}
        user = {"email": "a", "username": "a", "display_name": "A", "role": "admin"}
        profile = {
            "summary_markdown": f"![](/media/{keys[0]})",
            "summary_html": f'<img src="/media/{keys[0]}"><img src="/media/{keys[1]}">',
            "image_url": f"/media/{keys[2]}",
            "extras": "{}",
        }
        rows: dict[str, dict[str, Any]] = {
            "users": {**shared, **user, "is_active": True},
            "profiles": {**shared, **profile, "user_id": 3},
        }
        async with engine.begin() as connection:
            for name, row in rows.items():
                await connection.execute(insert(table_of(name, *map(column, row))), [row])
        await migrate.upgrade(engine, "0011")
        async with engine.connect() as connection:
            found = await connection.execute(text("SELECT used_by_id, key FROM file_uses"))
            assert sorted(map(tuple, found)) == [(3, key) for key in keys]

    async def test_weighs_the_pictures_that_are_there(self, engine: AsyncEngine) -> None:
        await migrate.upgrade(engine, "0011")
        names = "id url position is_cover created_at updated_at version bytes variants"
        images = table_of("images", *map(column, names.split()))
        made = {"url": "/media/a", "bytes": 20}
        rows: list[dict[str, Any]] = [
            {"id": 1, "bytes": None, "variants": None},
            {"id": 2, "bytes": 100, "variants": None},
            {"id": 3, "bytes": 100, "variants": json.dumps([made, made])},
        ]
        rest = {"url": "a", "position": 0, "is_cover": False, "version": 1}
        async with engine.begin() as connection:
            now = datetime.now(UTC)
            times = {"created_at": now, "updated_at": now}
            await connection.execute(insert(images), [{**rest, **times, **row} for row in rows])
        await migrate.upgrade(engine)
        async with engine.connect() as connection:
            found = await connection.scalars(text("SELECT total_bytes FROM images ORDER BY id"))
            assert list(found) == [None, 100, 140]

    async def test_refuses_a_database_of_a_newer_version(self, engine: AsyncEngine) -> None:
        await migrate.upgrade(engine)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(SettingsError, match=r"^DATABASE_URL: .*newer version.*9999") as refused:
            await migrate.upgrade(engine)
        assert len(refused.value.lines) == 1

    async def test_happens_once_for_two_processes(
        self, url: str, engine: AsyncEngine, tmp_path: Path
    ) -> None:
        together = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "portfolio", "db", "upgrade"),
                cwd=tmp_path,
                env=os.environ | {"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "data")},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for _ in range(2)
        ]
        for process in together:
            output, _ = await process.communicate()
            assert process.returncode == 0, output.decode()
        assert await revisions(engine) == [migrate.HEAD]
        assert await tables(engine) == Base.metadata.tables.keys()


class TestOffline:
    @pytest.fixture
    def sql(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: str) -> str:
        monkeypatch.setenv("DATABASE_URL", server)
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        written = StringIO()
        settings = config()
        settings.output_buffer = written
        command.upgrade(settings, "head", sql=True)
        return written.getvalue()

    @pytest.mark.parametrize("server", ["mssql+aioodbc://u:p@host/name"])
    def test_writes_what_sql_server_calls_long_text(self, sql: str) -> None:
        assert "NVARCHAR(max)" in sql
        assert "DATETIMEOFFSET" in sql
        assert not re.search(r"\bN?TEXT\b|\bDATETIME\b|\bBOOLEAN\b", sql)
        for table in Base.metadata.tables:
            assert f"CREATE TABLE {table} (" in sql

    @pytest.mark.parametrize("server", ["postgresql+asyncpg://u:p@host/name"])
    def test_writes_what_postgresql_calls_time(self, sql: str) -> None:
        assert "TIMESTAMP WITH TIME ZONE" in sql
        assert "TIMESTAMP WITHOUT" not in sql
