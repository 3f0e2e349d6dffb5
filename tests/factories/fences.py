"""A database of its own for a fence, which can be lost and found again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text

from portfolio.core.config import DatabaseSettings, Settings
from portfolio.db.engine import Engines, create_engines
from portfolio.db.fence import DatabaseFence
from portfolio.models import Base


class Ground:
    """What the fences of all hosts stand on."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines

    def fence(self) -> DatabaseFence:
        """That of one more host."""
        return DatabaseFence(self.engines)

    async def lose(self) -> None:
        """From here on whoever asks for the fence gets an error."""
        await self._run("ALTER TABLE cache_fences RENAME TO lost")

    async def find(self) -> None:
        await self._run("ALTER TABLE lost RENAME TO cache_fences")

    async def _run(self, statement: str) -> None:
        async with self.engines.write.begin() as connection:
            await connection.execute(text(statement))


@asynccontextmanager
async def ground_in(folder: Path) -> AsyncIterator[Ground]:
    url = f"sqlite+aiosqlite:///{folder / 'fence.db'}"
    engines = create_engines(Settings(database=DatabaseSettings(url=url)))
    async with engines.write.begin() as connection:
        await connection.run_sync(Base.metadata.tables["cache_fences"].create)
        await connection.execute(text("INSERT INTO cache_fences (id, position) VALUES (1, 0)"))
    yield Ground(engines)
    await engines.dispose()
