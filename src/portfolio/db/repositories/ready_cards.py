"""Cards kept ready: what lists show of an entity, serialised when it is written.

Whatever a transaction changes that a card shows is noted as it is flushed, and before the commit
those cards are made anew; a list for strangers is then one short read. What changes by itself is
left out of the stored card: counts, and the status.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import orjson
from sqlalchemy import Select, bindparam, event, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from portfolio.core.events import touch
from portfolio.db.repositories import facets, tallies
from portfolio.db.repositories.facets import LINKS, MODELS
from portfolio.models.entities import EntityType
from portfolio.models.media import Image
from portfolio.models.posts import BlogPost
from portfolio.models.projections import Card
from portfolio.models.projects import Project
from portfolio.models.publications import Publishable
from portfolio.models.taxonomy import Series, Tag
from portfolio.models.users import User

# To be raised when cards show something else than before: all are made anew at the next start.
CARD_VERSION = 2
CHUNK = 500
_UNREADY = ("counts", "status")
_NOTED = "stale_cards"


class CardSource(Protocol):
    """A repository that can make cards."""

    async def cards_by_id(self, db: AsyncSession, ids: Sequence[int]) -> Sequence[Card]: ...


def mark_stale(session: Session | AsyncSession, kind: EntityType, ids: Iterable[int]) -> None:
    """These cards are out of date; for statements that change rows without the ORM."""
    session.info.setdefault(_NOTED, set()).update((kind, key) for key in ids)


class ReadyCards:
    def __init__(self, sources: Mapping[EntityType, CardSource]) -> None:
        self._sources = sources

    async def renew_noted(self, db: AsyncSession) -> None:
        """Make anew what this transaction put out of date; called before its commit."""
        await db.flush()
        noted: set[tuple[EntityType, int]] = db.info.pop(_NOTED, set())
        await self._renew(
            db, {kind: sorted(key for of, key in noted if of is kind) for kind in MODELS}
        )

    async def renew_outdated(self, db: AsyncSession) -> int:
        """Make anew up to CHUNK cards of an older version; returns how many there were."""
        for kind, model in MODELS.items():
            outdated = select(model.id).where(model.card_version != CARD_VERSION).limit(CHUNK)
            ids = list((await db.execute(outdated.order_by(model.id))).scalars())
            if ids:
                await self._renew(db, {kind: ids})
                return len(ids)
        return 0

    async def _renew(self, db: AsyncSession, noted: Mapping[EntityType, Sequence[int]]) -> None:
        if not any(noted.values()):
            return
        differences = {kind: await self._renew_kind(db, kind, ids) for kind, ids in noted.items()}
        for kind, difference in differences.items():
            await tallies.add(db, kind, difference)

    async def _renew_kind(
        self, db: AsyncSession, kind: EntityType, ids: Sequence[int]
    ) -> facets.Difference:
        model, difference = MODELS[kind], facets.Difference()
        # A card is no change of its own: version and updated_at stay.
        statement = (
            update(model.__table__)  # type: ignore[arg-type]  # a mapped table
            .where(model.id == bindparam("key"))
            .values(card=bindparam("made"), card_version=CARD_VERSION)
        )
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            await self._hold(db, model, chunk)
            difference.update(await facets.renew(db, kind, chunk))
            cards = await self._sources[kind].cards_by_id(db, chunk)
            if cards:
                made = [{"key": card.id, "made": _serialised(card)} for card in cards]
                touch(db, (kind,))
                connection = await db.connection()
                await connection.execute(statement, made)
        return difference

    @staticmethod
    async def _hold(db: AsyncSession, model: type[Publishable], ids: Sequence[int]) -> None:
        """Wait for whoever changes one of these, so that no card is made of what is outdated."""
        held = (
            select(model.id)
            .where(model.id.in_(ids))
            # In one order for all, so that nobody blocks who waits.
            .order_by(model.id)
            .with_for_update(key_share=True)
            .with_hint(model, "WITH (UPDLOCK, ROWLOCK)", "mssql")
        )
        await db.execute(held)


def _serialised(card: Card) -> str:
    shown = {name: value for name, value in vars(card).items() if name not in _UNREADY}
    return orjson.dumps(shown, option=orjson.OPT_UTC_Z).decode()


def _shown_in(row: object) -> Iterable[tuple[EntityType, Select[int]]]:
    """The cards that show something of this row."""
    match row:
        case Tag():
            for kind, (link, owner) in LINKS.items():
                yield kind, select(owner).where(link.tag_id == row.id)
        case Series():
            yield EntityType.POSTS, select(BlogPost.id).where(BlogPost.series_id == row.id)
        case User():
            yield EntityType.POSTS, select(BlogPost.id).where(BlogPost.author_id == row.id)
            yield EntityType.PROJECTS, select(Project.id).where(Project.author_id == row.id)


@event.listens_for(Session, "before_flush")
def _note_shown(session: Session, *_rest: Any) -> None:
    # Before the flush, while what is about to be deleted still says where it was shown.
    changed = [row for row in session.dirty if session.is_modified(row)]
    with session.no_autoflush:
        for row in [*changed, *session.deleted]:
            shown = list(_shown_in(row))
            if shown:
                _keep_to_itself(session, row)
            for kind, statement in shown:
                mark_stale(session, kind, session.execute(statement).scalars())


def _keep_to_itself(session: Session, row: Any) -> None:
    """Let nobody refer to the row anew until this ends: that card would hold what was before."""
    model = type(row)
    held = select(model.id).where(model.id == row.id).with_for_update()
    session.execute(held.with_hint(model, "WITH (XLOCK, ROWLOCK)", "mssql"))


@event.listens_for(Session, "after_flush")
def _note_written(session: Session, *_rest: Any) -> None:
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, Image) and row.entity_type in MODELS and row.entity_id is not None:
            mark_stale(session, row.entity_type, [row.entity_id])
        for kind, model in MODELS.items():
            if isinstance(row, model):
                mark_stale(session, kind, [row.id])
