"""What a place for media can do, whichever it is."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`url` is a path on this server."""

    key: str
    url: str
    bytes: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Kept:
    """`modified`: when it was put last."""

    key: str
    bytes: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """To be passed on. `read(start, length)` raises UnavailableException."""

    size: int
    modified: datetime
    read: Callable[[int, int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Address:
    """Where readers fetch it themselves. `public`: for everybody and ever, else for `seconds`."""

    url: str
    public: bool
    seconds: int


Place = Path | RemoteFile | Address


class Storage(Protocol):
    """Raises UnavailableException from everything while it does not answer."""

    async def check(self) -> None:
        """Raises InsufficientStorageException where there is hardly room for one more file."""

    async def put(self, path: Path, extension: str) -> StoredFile:
        """Keep a copy of a file, which nobody changes meanwhile; its content makes the key.

        Raises NotFoundException, and InsufficientStorageException where there is no room.
        """

    async def locate(self, key: str, *, private: bool = False) -> Place | None:
        """Where to serve it from; None for a key that is unknown or malformed.

        `private`: not from where everybody may read it.
        Nobody asks whether a file is there before an Address is given.
        """

    async def fetch(self, key: str, into: Path) -> bool:
        """Copy it into a file; False where it is unknown. Raises InsufficientStorageException."""

    async def delete(self, key: str, *, older_than: float = 0) -> bool:
        """False if the file was put within the last `older_than` seconds and therefore stays."""

    def keys(self) -> AsyncIterator[Kept]:
        """Every file, in no order."""
