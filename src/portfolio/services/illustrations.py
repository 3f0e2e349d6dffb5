"""Pictures of ours in texts: offered in all sizes, and kept for as long as a text names them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.context import current
from portfolio.core.markdown import Rendered, render
from portfolio.core.markdown.pictures import offer_variants
from portfolio.core.media_links import keys_in
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.db.repositories.media import ImageRepository
from portfolio.models.entities import EntityType
from portfolio.services.files import DELETE_FILE
from portfolio.services.outbox import OutboxService

# The job of services/text_renewal.py.
RENEW_TEXTS = "texts.renew"


class IllustrationService:
    def __init__(
        self, images: ImageRepository, uses: FileUseRepository, outbox: OutboxService
    ) -> None:
        self._images = images
        self._uses = uses
        self._outbox = outbox

    async def illustrate(self, db: AsyncSession, html: str) -> str:
        """Rendered HTML with a <picture> in the place of each image that is kept here.

        To be stored: who changes one of them meanwhile waits for this transaction, and then finds
        the text among those to be renewed.
        """
        if keys := keys_in(html):
            await self._uses.hold(db, *keys)
        return await self._illustrated(db, html, keys)

    async def _illustrated(self, db: AsyncSession, html: str, keys: Sequence[str]) -> str:
        return offer_variants(html, await self._images.shown_as(db, keys)) if keys else html

    async def preview(self, db: AsyncSession, markdown: str) -> Rendered:
        """As the text will look, with addresses that work for who writes it."""
        rendered = await asyncio.to_thread(render, markdown)
        current().shows_unpublished = True
        html = await self._illustrated(db, rendered.html, keys_in(rendered.html))
        return replace(rendered, html=html)

    async def note(
        self, db: AsyncSession, kind: EntityType, row_id: int, *texts: str | None
    ) -> None:
        """These are all texts and addresses of this thing; files named by none of them may go.

        An address of former times means the file that it leads to.
        """
        before = await self._uses.keys_of(db, kind, row_id)
        now = keys_in("\n".join(text for text in texts if text))
        if now:
            successors = await self._uses.successors(db, now)
            now = list(dict.fromkeys(successors.get(key, key) for key in now))
        if set(now) == set(before):
            return
        if new := [key for key in now if key not in before]:
            # Should their pictures be deleted just now, they are kept for this text.
            await self._uses.hold(db, *new)
        await self._uses.put(db, kind, row_id, now, (kind, row_id))
        if gone := [key for key in before if key not in now]:
            await self._outbox.put(db, DELETE_FILE, {"keys": gone})

    async def forget(self, db: AsyncSession, kind: EntityType, row_id: int) -> None:
        """The thing is about to be deleted."""
        await self.note(db, kind, row_id)
