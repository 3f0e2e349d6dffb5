from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from portfolio.core.errors import RetryableException
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.contact import ContactMessage
from portfolio.models.spam import EVERY_TEXT, Seen, SpamWord


class SpamRepository:
    """What is known of words, and of what came before; up to some 2,000 words at a time."""

    async def seen(self, db: AsyncSession, words: Collection[str]) -> dict[str, Seen]:
        """Those that are known, and how many texts there were, under EVERY_TEXT."""
        statement = select(SpamWord.word, SpamWord.spam, SpamWord.ham).where(
            SpamWord.word.in_([EVERY_TEXT, *words])
        )
        return {row[0]: Seen(row[1], row[2]) for row in await db.execute(statement)}

    async def count(
        self, db: AsyncSession, words: Collection[str], *, spam: int = 0, ham: int = 0
    ) -> None:
        """Count a text with these words, or count it no longer.

        Until the transaction ends nobody else counts: all begin with the same row. Raises
        RetryableException if somebody else counts the very first text at the same moment.
        """
        change = {SpamWord.spam: spam, SpamWord.ham: ham}
        values = {column: _changed(column, by) for column, by in change.items() if by}
        first = {"spam": max(spam, 0), "ham": max(ham, 0)}
        for some in ([EVERY_TEXT], words):
            known = await db.scalars(
                update(SpamWord)
                .where(SpamWord.word.in_(some))
                .values(values)
                .returning(SpamWord.word)
                .execution_options(synchronize_session=False)
            )
            unknown = sorted({*some}.difference(known))
            if unknown:
                rows = [{"word": word, **first} for word in unknown]
                try:
                    await db.execute(insert(SpamWord), rows)
                except IntegrityError as error:
                    raise RetryableException from error

    async def before(
        self, db: AsyncSession, digest: str, client: str, since: datetime, most: int
    ) -> tuple[int, bool]:
        """How often this text was sent since then, counted up to `most`.

        And whether comments that came from this client are spam.
        """
        values = {"text": digest, "sender": client, "since": since}
        found = (await db.execute(_before(most), values)).one()
        return found[0] + found[1], bool(found[2])


def _changed(column: InstrumentedAttribute[int], by: int) -> ColumnElement[int]:
    """Never below 0: a text may have been edited since it was counted."""
    return column + by if by > 0 else case((column > 0, column + by), else_=0)


def _number(rows: Select[int]) -> ColumnElement[int]:
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


@cache
def _before(most: int) -> Select[*tuple[Any, ...]]:
    """Built once: that takes longer than to run it."""
    same = [
        select(model.id)
        .where(
            model.digest == bindparam("text", type_=model.digest.type),
            model.created_at > bindparam("since", type_=model.created_at.type),
        )
        .limit(most)
        for model in (Comment, ContactMessage)
    ]
    spam = (
        select(Comment.id)
        .where(
            Comment.client == bindparam("sender", type_=Comment.client.type),
            Comment.status == CommentStatus.SPAM,
        )
        .limit(1)
    )
    return select(*map(_number, [*same, spam]))
