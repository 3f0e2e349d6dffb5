"""A real PostgreSQL server of our own, and a standby that follows it."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from tests.with_postgres import Cluster, find_programs


class Standby(Cluster):
    """Follows another server, and answers questions while it does."""

    def follow(self, primary: Cluster) -> None:
        """Copy it, and serve what it does from here on."""
        self._primary = primary
        copying = ("--write-recovery-conf", "--checkpoint", "fast", "--no-sync")
        self.run("pg_basebackup", *primary.address, *copying, "--pgdata", self.data)
        self.start()

    async def checkpoint(self) -> None:
        """A restart begins with what is there now."""
        await ask(self._primary, "CHECKPOINT")
        written = await ask(self._primary, "SELECT pg_current_wal_lsn()::text")
        while not await ask(self, f"SELECT pg_last_wal_replay_lsn() >= '{written}'"):
            pass
        await ask(self, "CHECKPOINT")

    def fall_back(self) -> None:
        """Start anew as it was at the last checkpoint, and repeat nothing more for now."""
        self._restart(recovery_min_apply_delay="1h")

    def catch_up(self) -> None:
        self._restart(recovery_min_apply_delay="0")

    def _restart(self, **options: str) -> None:
        self.stop()
        self._options |= options
        self.start()

    async def pause(self) -> None:
        """What is written from here on arrives and is not shown."""
        await ask(self, "SELECT pg_wal_replay_pause()")
        while await ask(self, "SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass

    async def resume(self) -> None:
        await ask(self, "SELECT pg_wal_replay_resume()")

    async def cut(self) -> None:
        """End all connections but our own."""
        await ask(
            self,
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )


async def ask(server: Cluster, question: str) -> Any:
    """The first value of the answer, if it has any."""
    engine: AsyncEngine = create_async_engine(server.url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            result = await connection.execute(text(question))
            return result.scalar() if result.returns_rows else None
    finally:
        await engine.dispose()


@contextmanager
def running_pair() -> Iterator[tuple[Cluster, Standby]]:
    """Both on loopback, in folders that are gone afterwards. Skips where there is no PostgreSQL."""
    programs = find_programs()
    if programs is None or not (programs / "pg_basebackup").exists():
        pytest.skip("no PostgreSQL server is installed here")
    password = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="portfolio-replica-") as room, ExitStack() as stack:
        Path(room).chmod(0o711)  # PostgreSQL runs as somebody else where we are root
        # A commit that waits for no disk at all would be sent late.
        primary = Cluster(programs, Path(room, "primary"), password, synchronous_commit="local")
        # A page that reaches the disk would keep a restart from going back behind it.
        standby = Standby(programs, Path(room, "standby"), password, bgwriter_lru_maxpages="0")
        stack.callback(primary.stop)
        primary.create()
        stack.callback(standby.stop)
        standby.follow(primary)
        yield primary, standby
