"""How much one account may keep of what it uploaded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.config import StorageSettings
from portfolio.core.errors import QuotaExceededException, TooManyFilesException
from portfolio.db.repositories.uploads import UploadRepository, Usage
from portfolio.db.repositories.users import UserRepository
from portfolio.db.session import Database

_MIB = 1024 * 1024


class UploadQuota:
    """Pictures and videos together; what nobody uploaded, such as what importers bring, is free.

    All methods raise TooManyFilesException and QuotaExceededException.
    """

    def __init__(
        self,
        database: Database,
        users: UserRepository,
        uploads: UploadRepository,
        settings: StorageSettings,
    ) -> None:
        self._database = database
        self._users = users
        self._uploads = uploads
        self._files = settings.upload_quota_files
        self._bytes = settings.upload_quota_mb * _MIB

    async def require_room(self, user_id: int) -> None:
        """For one more file, of whatever size, before anything is done for it."""
        if not self._is_limited:
            return
        async with self._database.reading() as db:
            used = await self._uploads.usage(db, user_id)
        self._require(used, Usage(used.files + 1, used.bytes + 1))

    @asynccontextmanager
    async def within(self, db: AsyncSession, user_id: int | None) -> AsyncIterator[None]:
        """What is added in here stays in the quota; other uploads of this account wait for it.

        Until this transaction ends. Raises NotFoundException where the account is gone.
        """
        if user_id is None or not self._is_limited:
            yield
            return
        await self._users.get_locked(db, user_id)
        before = await self._uploads.usage(db, user_id)
        yield
        self._require(before, await self._uploads.usage(db, user_id))

    @property
    def _is_limited(self) -> bool:
        return bool(self._files or self._bytes)

    def _require(self, before: Usage, after: Usage) -> None:
        """Whoever takes no more than before may be beyond a limit that was lowered."""
        if self._files and after.files > max(self._files, before.files):
            raise TooManyFilesException(
                f"You may keep {self._files} uploaded files and have {before.files}; "
                "delete some first"
            )
        if self._bytes and after.bytes > max(self._bytes, before.bytes):
            raise QuotaExceededException(
                f"Your uploads may take {_mib(self._bytes)} together and take "
                f"{_mib(before.bytes)} already; delete some first"
            )


def _mib(number: int) -> str:
    return f"{number / _MIB:,.1f} MiB".replace(".0 ", " ")
