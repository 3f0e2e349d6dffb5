"""Reactions and their tallies, which are equal at each commit.

Whoever changes those of something holds the row of the post or project that it is or belongs to.
So what was read under that lock is true until the end, and counters only have to be added to.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import cache_tags
from portfolio.core.errors import NotFoundException
from portfolio.db.prepared import Prepared, Run, prepared
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.visibility import speaks
from portfolio.models.comments import Comment
from portfolio.models.entities import EntityType, ReactionTarget
from portfolio.models.reactions import Person, Place, Reaction, ReactionTally, Standing
from portfolio.models.types import BIGINT
from portfolio.models.users import User

Targets = Mapping[ReactionTarget, Sequence[int]]
Standings = Mapping[tuple[ReactionTarget, int], Standing]
# What has a reactions_count of its own.
COUNTED: Mapping[ReactionTarget, Any] = {
    **{ReactionTarget(kind): model for kind, model in EntityRepository.publications.items()},
    ReactionTarget.COMMENTS: Comment,
}


class ReactionRepository:
    async def standing(
        self, db: AsyncSession, target: ReactionTarget, target_id: int, person: Person | None
    ) -> Standing:
        """The reactions to one thing."""
        return (await self.standings(db, {target: [target_id]}, person))[target, target_id]

    async def standings(
        self, db: AsyncSession, targets: Targets, person: Person | None
    ) -> Standings:
        """Those to many things, in one statement."""
        found = {(kind, key): Standing() for kind, keys in targets.items() for key in keys}
        kinds = tuple(kind for kind in ReactionTarget if targets.get(kind))
        if not kinds:
            return found
        statement = _tallies(kinds, personal=person is not None)
        values: dict[str, Any] = {kind: [*dict.fromkeys(targets[kind])] for kind in kinds}
        if person is not None:
            values["person"] = person.key

        def read(run: Run) -> Standings:
            for target, target_id, kind, count, mine in run(statement, values):
                standing = found[target, target_id]
                standing.counts[kind] = count
                if mine is not None:
                    standing.mine.add(kind)
            return found

        return await prepared(db, read)

    async def entity_of_comment(
        self, db: AsyncSession, comment_id: int, holding: Person | None = None
    ) -> tuple[EntityType, int]:
        """What a comment whose words are shown belongs to; and the person's account stays there.

        Raises NotFoundException.
        """
        statement = select(Comment.entity_type, Comment.entity_id).where(
            Comment.id == comment_id, speaks()
        )
        if holding is not None and holding.user_id is not None:
            statement = (
                statement.join(User, User.id == holding.user_id)
                .with_for_update(of=User, read=True, key_share=True)
                .with_hint(User, "WITH (REPEATABLEREAD, ROWLOCK)", "mssql")
            )
        found = (await db.execute(statement)).one_or_none()
        if found is None:
            raise NotFoundException
        return found[0], found[1]

    async def add(
        self, db: AsyncSession, place: Place, standing: Standing, kind: str, person: Person
    ) -> None:
        """One more, of a kind that the person has not given yet. Raises NotFoundException."""
        await db.execute(
            insert(Reaction).values(**_key(place, kind), person=person.key, user_id=person.user_id)
        )
        await self._tally(db, place, standing, kind, 1)
        await self._count(db, place, 1)
        standing.mine.add(kind)

    async def remove(
        self, db: AsyncSession, place: Place, standing: Standing, kind: str, person: Person
    ) -> None:
        """Take one back that the person has given. Raises NotFoundException."""
        given = delete(Reaction).filter_by(**_key(place, kind), person=person.key)
        await db.execute(given.execution_options(synchronize_session=False))
        await self._tally(db, place, standing, kind, -1)
        await self._count(db, place, -1)
        standing.mine.remove(kind)

    async def _tally(
        self, db: AsyncSession, place: Place, standing: Standing, kind: str, difference: int
    ) -> None:
        """What there is none of has no row."""
        key, before = _key(place, kind), standing.counts.pop(kind, 0)
        after = before + difference
        if after:
            standing.counts[kind] = after
        if not before:
            statement: Any = insert(ReactionTally).values(**key, count=after)
        elif not after:
            statement = delete(ReactionTally).filter_by(**key)
        else:
            more = ReactionTally.count + difference
            statement = update(ReactionTally).filter_by(**key).values(count=more)
        tags = _tags(place)
        await db.execute(statement.execution_options(synchronize_session=False, cache_tags=tags))

    async def _count(self, db: AsyncSession, place: Place, difference: int) -> None:
        model = COUNTED[place.target]
        statement = (
            update(model)
            .where(model.id == place.id)
            .values(reactions_count=model.reactions_count + difference)
            .returning(model.id)
            .execution_options(synchronize_session=False, cache_tags=_tags(place))
        )
        if place.target is ReactionTarget.COMMENTS:
            # It was looked up before the lock, and may have been taken away since.
            statement = statement.where(speaks())
        if (await db.execute(statement)).scalar_one_or_none() is None:
            raise NotFoundException

    async def forget(self, db: AsyncSession, target: ReactionTarget, ids: Iterable[int]) -> None:
        """All reactions to these, whose rows go with them; whoever deletes those tells of it."""
        keys = list(ids)
        for model in (Reaction, ReactionTally):
            await db.execute(
                delete(model)
                .where(model.target_type == target, model.target_id.in_(keys))
                .execution_options(synchronize_session=False, cache_tags=())
            )


def _key(place: Place, kind: str) -> dict[str, Any]:
    return {"target_type": place.target, "target_id": place.id, "kind": kind}


def _tags(place: Place) -> tuple[str, ...]:
    """What shows the reactions to it."""
    noun = place.entity_type.noun
    if place.target is ReactionTarget.COMMENTS:
        return (
            cache_tags.reactions(place.target.noun, place.id),
            cache_tags.comments(noun, place.entity_id),
        )
    return (
        cache_tags.reactions(noun, place.id),
        cache_tags.counts(noun),
        cache_tags.one(noun, place.id),
    )


@lru_cache(maxsize=16)
def _tallies(kinds: tuple[ReactionTarget, ...], *, personal: bool) -> Prepared:
    of = [
        and_(
            ReactionTally.target_type == kind,
            ReactionTally.target_id.in_(bindparam(kind.value, type_=BIGINT, expanding=True)),
        )
        for kind in kinds
    ]
    columns = (
        ReactionTally.target_type,
        ReactionTally.target_id,
        ReactionTally.kind,
        ReactionTally.count,
    )
    if not personal:
        return Prepared(select(*columns, null()).where(or_(*of)))
    theirs = and_(
        Reaction.target_type == ReactionTally.target_type,
        Reaction.target_id == ReactionTally.target_id,
        Reaction.kind == ReactionTally.kind,
        Reaction.person == bindparam("person", type_=Reaction.person.type),
    )
    return Prepared(select(*columns, Reaction.id).outerjoin(Reaction, theirs).where(or_(*of)))
