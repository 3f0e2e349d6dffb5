"""What is reacted to, who reacts, and whether the books are right afterwards."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select, update

from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.reactions import COUNTED
from portfolio.db.session import Database
from portfolio.models.comments import Comment, CommentStatus
from portfolio.models.entities import EntityType
from portfolio.models.reactions import Reaction, ReactionTally

API = "/api/v1"


def reactions_of(noun: str, ref: object, kind: str = "") -> str:
    """The address of all, or of one kind."""
    return f"{API}/{noun}/{ref}/reactions" + (f"/{kind}" if kind else "")


async def make_remark(database: Database, noun: str, entity_id: int, **fields: Any) -> int:
    """A comment that is shown unless these say otherwise, past all services."""
    values: dict[str, Any] = {"status": CommentStatus.APPROVED, "guest_name": "Ada"} | fields
    row = Comment(
        entity_type=EntityType(noun),
        entity_id=entity_id,
        digest="0" * 64,
        render_version=1,
        body="Well said",
        html="<p>Well said</p>",
        **values,
    )
    model = EntityRepository.publications[row.entity_type]
    async with database.transaction() as db:
        db.add(row)
        if row.speaks:
            shown = update(model).where(model.id == entity_id)
            await db.execute(shown.values(comments_count=model.comments_count + 1))
    return row.id


async def count_reactions(database: Database) -> int:
    """How many there are, after a look whether every tally and every counter agrees."""
    async with database.reading() as db:
        given: Counter[tuple[Any, ...]] = Counter()
        people = Reaction.target_type, Reaction.target_id, Reaction.kind, Reaction.person
        for *key, person in await db.execute(select(*people)):
            given[tuple(key)] += 1
            assert person
        tallies = {
            (row.target_type, row.target_id, row.kind): row.count
            for row in await db.scalars(select(ReactionTally))
        }
        assert tallies == dict(given)
        for target, model in COUNTED.items():
            rows = await db.execute(select(model.id, model.reactions_count))
            counted = {row_id: count for row_id, count in rows if count}
            real = Counter[int]()
            for (of, target_id, _), count in given.items():
                if of is target:
                    real[target_id] += count
            assert counted == dict(real)
        total = await db.scalar(select(func.count(Reaction.id)))
    return total or 0
