"""How files come before the rows that show them, and go after the last of those."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from portfolio.adapters.storage import Storage, StoredFile, describe
from portfolio.core.errors import UnavailableException
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.db.session import Database
from portfolio.services.outbox import OutboxService

DELETE_FILE = "storage.delete"
# A transaction takes less from the storing of a file to the commit of the row that shows it.
SETTLING_SECONDS = 30
# How long the storage may take for all files of an upload; more, and nothing stays of them.
STORING_SECONDS = 25


class FileKeeper:
    """Stores what no row shows yet, on the promise that it goes again if none ever does."""

    def __init__(self, database: Database, storage: Storage, outbox: OutboxService) -> None:
        self._database = database
        self._storage = storage
        self._outbox = outbox

    async def keep(
        self, files: Sequence[tuple[Path, str]], seconds: float = STORING_SECONDS
    ) -> list[StoredFile]:
        """Copies of these, each with its extension; the row follows within SETTLING_SECONDS.

        Takes its time: to be called before the transaction begins. Raises UnavailableException
        when it takes longer than `seconds`, and what Storage.put() raises.
        """
        await self._promise(files, seconds + SETTLING_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                return [await self._storage.put(path, extension) for path, extension in files]
        except TimeoutError:
            raise UnavailableException("Media are stored too slowly", retry_after=10) from None

    async def _promise(self, files: Sequence[tuple[Path, str]], delay: float) -> None:
        """Whatever becomes of this process: what is stored now and never shown goes again."""
        keys = [
            (await asyncio.to_thread(describe, path, extension)).key for path, extension in files
        ]
        async with self._database.transaction() as db:
            await self._outbox.put(db, DELETE_FILE, {"keys": keys}, delay=delay)


class FileRemover:
    """The job DELETE_FILE {keys}: removes the files among them that nothing shows."""

    def __init__(
        self,
        database: Database,
        uses: FileUseRepository,
        storage: Storage,
        outbox: OutboxService,
    ) -> None:
        self._database = database
        self._uses = uses
        self._storage = storage
        self._outbox = outbox

    async def __call__(self, payload: dict[str, Any]) -> None:
        unused = await self._unused(payload)
        if not unused:
            return
        fresh = [
            key
            for key in unused
            if not await self._storage.delete(key, older_than=SETTLING_SECONDS)
        ]
        async with self._database.transaction() as db:
            await self._uses.forget_replaced(db, [key for key in unused if key not in fresh])
            if fresh:
                # Somebody stored the same content just now; their row may still be uncommitted.
                job = {"keys": fresh}
                await self._outbox.put(db, DELETE_FILE, job, delay=SETTLING_SECONDS)

    async def _unused(self, payload: dict[str, Any]) -> list[str]:
        # Jobs of former versions have one.
        keys = payload.get("keys") or [payload["key"]]
        async with self._database.reading() as db:
            return await self._uses.unused(db, keys)
