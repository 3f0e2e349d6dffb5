"""What becomes of stored files that nothing shows any longer."""

from portfolio.adapters.storage import Storage
from portfolio.db.repositories.media import ImageRepository
from portfolio.db.session import Database
from portfolio.services.outbox import OutboxService

DELETE_FILE = "storage.delete"
# A transaction takes less from the storing of a file to the commit of the row that shows it.
SETTLING_SECONDS = 30


class FileRemover:
    """The job DELETE_FILE {key}: removes a file once no image shows it."""

    def __init__(
        self, database: Database, images: ImageRepository, storage: Storage, outbox: OutboxService
    ) -> None:
        self._database = database
        self._images = images
        self._storage = storage
        self._outbox = outbox

    async def __call__(self, payload: dict[str, str]) -> None:
        key = payload["key"]
        async with self._database.reading() as db:
            if await self._images.is_used(db, key):
                return
        if await self._storage.delete(key, older_than=SETTLING_SECONDS):
            return
        # Somebody stored the same content just now, and their row may still be uncommitted.
        async with self._database.transaction() as db:
            await self._outbox.put(db, DELETE_FILE, payload, delay=SETTLING_SECONDS)
