"""Media in a bucket: S3 and all that speaks like it, Azure Blob Storage, Google Cloud Storage."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from portfolio.adapters.storage.keys import (
    content_type_of,
    describe,
    extension_of,
    is_key,
)
from portfolio.adapters.storage.local import refusal_of
from portfolio.adapters.storage.protocol import Address, Kept, Place, RemoteFile, StoredFile
from portfolio.core.clock import utc_now
from portfolio.core.config.storage import StorageAddress
from portfolio.core.errors import UnavailableException

PATIENCE = 5.0  # seconds for an answer
SLOWEST = 256 * 1024  # bytes that an upload has to send in a second
PIECE = 4 * 1024 * 1024
WHOLE = 16 * 1024 * 1024  # what is larger goes up in parts of this size, two at a time
SIGNED_SECONDS = 600
PUBLIC_SECONDS = 3600
# The content under a key never changes.
IMMUTABLE = "public, max-age=31536000, immutable"
_STORES = {"s3": "S3Store", "az": "AzureStore", "gs": "GCSStore"}
# Only our own answer comes with the policy that keeps its scripts from running.
_SCRIPTABLE = {"svg"}
_LONGEST_REASON = 300

log = structlog.get_logger(__name__)


class ObjectStorage:
    """`public_url`: where readers find what is here; `signs`: they get addresses for a while.

    With neither, files are passed on. Raises ValueError for options that nobody can work with.
    """

    def __init__(
        self,
        address: StorageAddress,
        *,
        public_url: str | None = None,
        signs: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        # Costs 20 MB of memory, which only those pay who have a bucket.
        self._obstore = importlib.import_module("obstore")
        self._failure: type[Exception] = importlib.import_module("obstore.exceptions").BaseError
        self._public_url = public_url.rstrip("/") if public_url else None
        self._signs = signs
        self._patience = patience
        try:
            self._store = _open(address, patience)
        except self._failure as error:
            raise ValueError(_reason(error)) from error

    async def check(self) -> None:
        # Of a file that is not there S3 says the same as of a bucket that is not there.
        async with self._asking():
            await anext(self._store.list("check", chunk_size=1), None)

    async def put(self, path: Path, extension: str) -> StoredFile:
        stored = await asyncio.to_thread(describe, path, extension)
        # A quick question first: an upload has to be given more time before it is hopeless.
        await self._head(stored.key)
        await self._upload(stored.key, path, stored.bytes)
        return stored

    async def locate(self, key: str, *, private: bool = False) -> Place | None:
        if not is_key(key):
            return None
        if extension_of(key) not in _SCRIPTABLE:
            if self._public_url is not None and not private:
                return Address(f"{self._public_url}/{key}", public=True, seconds=PUBLIC_SECONDS)
            if self._signs:
                return Address(await self._signed(key), public=False, seconds=SIGNED_SECONDS)
        about = await self._head(key)
        if about is None:
            return None
        return RemoteFile(about["size"], about["last_modified"], partial(self._read, key))

    async def fetch(self, key: str, into: Path) -> bool:
        about = await self._head(key) if is_key(key) else None
        if about is None:
            return False
        try:
            with await asyncio.to_thread(into.open, "wb") as file:
                for start in range(0, about["size"], PIECE):
                    piece = await self._read(key, start, min(PIECE, about["size"] - start))
                    await asyncio.to_thread(file.write, piece)
        except (OSError, UnavailableException) as error:
            await asyncio.to_thread(into.unlink, missing_ok=True)
            if isinstance(error, UnavailableException):
                raise
            raise refusal_of(error) from error
        return True

    async def delete(self, key: str, *, older_than: float = 0) -> bool:
        about = await self._head(key) if is_key(key) else None
        if about is None:
            return True
        if (utc_now() - about["last_modified"]).total_seconds() < older_than:
            return False
        async with self._asking():
            with suppress(FileNotFoundError):
                await self._store.delete_async(key)
        return True

    async def keys(self) -> AsyncIterator[Kept]:
        pages: AsyncIterator[Any] = self._store.list(chunk_size=1000)
        while True:
            async with self._asking():
                page = await anext(pages, None)
            if page is None:
                return
            for about in page:
                if is_key(about["path"]):
                    yield Kept(about["path"], about["size"], about["last_modified"])

    async def _head(self, key: str) -> Any:
        async with self._asking():
            with suppress(FileNotFoundError):
                return await self._store.head_async(key)
        return None

    async def _read(self, key: str, start: int, length: int) -> bytes:
        # Piece by piece: a reader may be slow, and no answer of the store should wait for them.
        async with self._asking():
            piece = await self._store.get_range_async(key, start=start, length=length)
            return bytes(piece)

    async def _upload(self, key: str, path: Path, size: int) -> None:
        attributes = {
            "Content-Type": content_type_of(key),
            "Content-Disposition": "inline",
            "Cache-Control": IMMUTABLE,
        }
        async with self._asking(size / SLOWEST):
            await self._store.put_async(
                key, path, attributes=attributes, chunk_size=WHOLE, max_concurrency=2
            )

    async def _signed(self, key: str) -> str:
        lifetime = timedelta(seconds=SIGNED_SECONDS)
        async with self._asking():
            signed: str = await self._obstore.sign_async(self._store, "GET", key, lifetime)
        return signed

    @asynccontextmanager
    async def _asking(self, more: float = 0) -> AsyncIterator[None]:
        """Raises UnavailableException for whatever goes wrong, soon."""
        try:
            async with asyncio.timeout(self._patience + more):
                yield
        # A FileNotFoundError that nobody expected is a bucket that is not there.
        except (OSError, ValueError, self._failure) as error:
            log.warning("storage.failed", reason=_reason(error))
            raise UnavailableException("Media cannot be reached") from error


def _open(address: StorageAddress, patience: float) -> Any:
    kind = getattr(importlib.import_module("obstore.store"), _STORES[address.scheme])
    options = dict(address.options)
    endpoint = options.get("endpoint") or options.get("base_url") or ""
    client: dict[str, Any] = {
        "connect_timeout": timedelta(seconds=patience / 2),
        "timeout": timedelta(seconds=patience + WHOLE / SLOWEST),
    }
    if endpoint.startswith("http://"):
        client["allow_http"] = True
    return kind(
        address.bucket,
        prefix=address.path or None,
        config=options,
        client_options=client,
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=patience)},
    )


def _reason(error: Exception) -> str:
    """What the store said, without the details that follow for its developers."""
    text = str(error).partition("\n")[0] or type(error).__name__
    return text[:_LONGEST_REASON]
