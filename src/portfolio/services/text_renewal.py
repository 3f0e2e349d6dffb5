"""Rendered texts made anew, when a picture in them looks different now or the rules have changed."""

from collections.abc import Sequence
from typing import Any

import structlog

from portfolio.core.errors import RetryableException
from portfolio.core.markdown import RENDER_VERSION
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.db.repositories.texts import Text, TextRepository
from portfolio.db.session import Database
from portfolio.models.entities import EntityType
from portfolio.services.illustrations import RENEW_TEXTS, IllustrationService
from portfolio.services.outbox import OutboxService
from portfolio.services.publishing import rendered_columns

AT_ONCE = 20
ATTEMPTS = 5

log = structlog.get_logger(__name__)


class TextRenewal:
    """The job RENEW_TEXTS {keys, after}: of texts that name these files; {}: of outdated ones.

    Of so many at once, for a job has its time; another one goes on `after` the last of them.
    """

    def __init__(
        self,
        database: Database,
        texts: TextRepository,
        uses: FileUseRepository,
        illustrations: IllustrationService,
        outbox: OutboxService,
    ) -> None:
        self._database = database
        self._texts = texts
        self._uses = uses
        self._illustrations = illustrations
        self._outbox = outbox

    async def __call__(self, payload: dict[str, Any]) -> None:
        if "keys" not in payload:
            for kind, row_id in await self._outdated():
                await self._renew(kind, row_id)
            await self.begin()
        elif last := await self._renew_some(payload["keys"], payload.get("after", 0)):
            async with self._database.transaction() as db:
                await self._outbox.put(db, RENEW_TEXTS, {**payload, "after": last})

    async def begin(self) -> None:
        """Have outdated texts renewed, if there are any."""
        if await self._outdated():
            async with self._database.transaction() as db:
                await self._outbox.put(db, RENEW_TEXTS, {})

    async def renew(self, keys: Sequence[str]) -> None:
        """All texts that name one of these files, now."""
        last: int | None = 0
        while last is not None:
            last = await self._renew_some(keys, last)

    async def _outdated(self) -> list[tuple[EntityType, int]]:
        async with self._database.reading() as db:
            return await self._texts.outdated(db, RENDER_VERSION, AT_ONCE)

    async def _renew_some(self, keys: Sequence[str], after: int) -> int | None:
        """Those behind this use; the last one of them, if there may be more."""
        async with self._database.reading() as db:
            found = await self._uses.texts_with(db, keys, AT_ONCE, after)
        for kind, row_id in dict.fromkeys(found.values()):
            await self._renew(kind, row_id)
        return max(found) if len(found) == AT_ONCE else None

    async def _renew(self, kind: EntityType, row_id: int) -> None:
        for _ in range(ATTEMPTS):
            async with self._database.reading() as db:
                text = await self._texts.read(db, kind, row_id)
            if text is None or await self._renewed(text):
                return
        raise RetryableException

    async def _renewed(self, text: Text) -> bool:
        """False if it was changed meanwhile."""
        try:
            columns = await rendered_columns(text.markdown)
        except Exception as error:  # noqa: BLE001 - one text must not keep the others from it
            # It is shown as it was; the next one to edit it is told.
            log.warning("text.refused", kind=text.kind, id=text.row_id, reason=repr(error))
            columns = {"render_version": RENDER_VERSION}
        async with self._database.transaction() as db:
            # The pictures are looked up behind the lock: who changes them renews this text later.
            if not await self._texts.hold(db, text):
                return False
            html = columns.pop("html", None)
            html = text.html if html is None else await self._illustrations.illustrate(db, html)
            await self._texts.rewrite(db, text, html, columns)
            await self._illustrations.note(
                db, text.kind, text.row_id, text.markdown, html, text.picture
            )
        return True
