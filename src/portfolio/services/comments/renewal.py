"""Comments rendered anew, when the rules have changed."""

import asyncio
from typing import Any

import structlog

from portfolio.core.errors import InvalidInputException
from portfolio.core.markdown import COMMENT_RENDER_VERSION, render_comment
from portfolio.db.repositories.comments import CommentRepository
from portfolio.db.session import Database
from portfolio.services.outbox import OutboxService

RENEW_COMMENTS = "comments.renew"
AT_ONCE = 200

log = structlog.get_logger(__name__)


class CommentRenewal:
    """The job RENEW_COMMENTS {after}: some comments behind this one, and then another job."""

    def __init__(
        self, database: Database, comments: CommentRepository, outbox: OutboxService
    ) -> None:
        self._database = database
        self._comments = comments
        self._outbox = outbox

    async def begin(self) -> None:
        """Have outdated comments renewed, if there are any."""
        if await self._outdated(0, 1):
            await self._go_on(0)

    async def __call__(self, payload: dict[str, Any]) -> None:
        found = await self._outdated(payload["after"], AT_ONCE)
        for comment_id, version, body in found:
            values: dict[str, Any] = {"render_version": COMMENT_RENDER_VERSION}
            try:
                values["html"] = (await asyncio.to_thread(render_comment, body)).html
            except InvalidInputException as error:
                # It is shown as it was.
                log.warning("comment.refused", id=comment_id, reason=str(error))
            async with self._database.transaction() as db:
                await self._comments.rewrite(db, comment_id, version, values)
        if found:
            await self._go_on(found[-1][0])

    async def _outdated(self, after: int, limit: int) -> list[tuple[int, int, str]]:
        async with self._database.reading() as db:
            return await self._comments.outdated(db, COMMENT_RENDER_VERSION, after, limit)

    async def _go_on(self, after: int) -> None:
        async with self._database.transaction() as db:
            await self._outbox.put(db, RENEW_COMMENTS, {"after": after})
