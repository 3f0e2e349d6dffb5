"""Where the bytes of media are kept: in a folder or in a bucket."""

from pathlib import Path

from portfolio.adapters.storage.keys import (
    CONTENT_TYPES,
    MAX_VIDEO_BYTES,
    content_type_of,
    describe,
    extension_of,
    is_key,
)
from portfolio.adapters.storage.local import LocalStorage, refusal_of
from portfolio.adapters.storage.objects import IMMUTABLE, ObjectStorage
from portfolio.adapters.storage.protocol import (
    Address,
    Kept,
    Place,
    RemoteFile,
    Storage,
    StoredFile,
)
from portfolio.core.config import Settings
from portfolio.core.config.storage import StorageAddress
from portfolio.core.environment import SettingsError

__all__ = [
    "CONTENT_TYPES",
    "IMMUTABLE",
    "MAX_VIDEO_BYTES",
    "Address",
    "Kept",
    "LocalStorage",
    "ObjectStorage",
    "Place",
    "RemoteFile",
    "Storage",
    "StoredFile",
    "content_type_of",
    "create_storage",
    "describe",
    "extension_of",
    "is_key",
    "open_storage",
    "refusal_of",
]


def create_storage(settings: Settings) -> Storage:
    """Raises SettingsError."""
    chosen = settings.storage
    if chosen.address.scheme == "file":
        return open_storage(chosen.address)
    try:
        return ObjectStorage(
            chosen.address, public_url=chosen.storage_public_url, signs=chosen.storage_signed_urls
        )
    except ValueError as error:
        raise SettingsError([f"STORAGE_URL: {error}"]) from error


def open_storage(address: StorageAddress) -> Storage:
    """For whom readers do not matter. Raises ValueError for options that nobody can work with."""
    if address.scheme == "file":
        return LocalStorage(Path(address.path))
    return ObjectStorage(address)
