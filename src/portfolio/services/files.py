"""What becomes of stored files that nothing shows any longer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.adapters.storage import Storage
from portfolio.db.repositories.media import MediaRepository
from portfolio.db.session import Database
from portfolio.services.outbox import OutboxService

DELETE_FILE = "storage.delete"
# A transaction takes less from the storing of a file to the commit of the row that shows it.
SETTLING_SECONDS = 30


class FileRemover:
    """The job DELETE_FILE {keys}: removes the files among them that nothing in `media` shows."""

    def __init__(
        self,
        database: Database,
        media: Sequence[MediaRepository[Any]],
        storage: Storage,
        outbox: OutboxService,
    ) -> None:
        self._database = database
        self._media = media
        self._storage = storage
        self._outbox = outbox

    async def __call__(self, payload: dict[str, Any]) -> None:
        fresh = [
            key
            for key in await self._unused(payload)
            if not await self._storage.delete(key, older_than=SETTLING_SECONDS)
        ]
        if fresh:
            # Somebody stored the same content just now, and their row may still be uncommitted.
            async with self._database.transaction() as db:
                job = {"keys": fresh}
                await self._outbox.put(db, DELETE_FILE, job, delay=SETTLING_SECONDS)

    async def _unused(self, payload: dict[str, Any]) -> list[str]:
        # Jobs of former versions have one.
        keys = payload.get("keys") or [payload["key"]]
        async with self._database.reading() as db:
            return [key for key in keys if not await self._is_used(db, key)]

    async def _is_used(self, db: AsyncSession, key: str) -> bool:
        return any([await rows.is_used(db, key) for rows in self._media])
