"""Stored files that strangers may read, as if they were in the library."""

from pathlib import Path

from tests.factories.galleries import store

from portfolio.adapters.storage import StoredFile
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.wiring import Services


async def keep(services: Services, folder: Path, content: bytes, extension: str) -> StoredFile:
    """A file of any content, which nothing but this test knows of."""
    stored = await store(services, folder, content, extension)
    async with services.database.transaction() as db:
        await FileUseRepository().put(db, "images", 0, [stored.key], (None, None))
    return stored
