"""What is said about posts and projects and reacted to them, where one side goes for good."""

from typing import Any

from sqlalchemy import and_, delete, func, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import cache_tags
from portfolio.db.repositories.entities import EntityRepository, held
from portfolio.db.repositories.reactions import COUNTED
from portfolio.models.comments import Comment
from portfolio.models.entities import EntityType, ReactionTarget
from portfolio.models.reactions import Person, Reaction, ReactionTally


class EngagementRepository:
    async def forget(self, db: AsyncSession, kind: EntityType, entity_id: int) -> None:
        """All comments on a post or project that is held, and all reactions to it and to them.

        With comments go their reports, and what waits for a daily mail.
        """
        noun = kind.noun
        tags = (
            cache_tags.reactions(noun, entity_id),
            cache_tags.comments(noun, entity_id),
            cache_tags.counts(noun),
        )
        said = and_(Comment.entity_type == kind, Comment.entity_id == entity_id)
        for model in (Reaction, ReactionTally):
            to_it = and_(model.target_type == ReactionTarget(kind), model.target_id == entity_id)
            to_them = and_(
                model.target_type == ReactionTarget.COMMENTS,
                model.target_id.in_(select(Comment.id).where(said)),
            )
            await _run(db, delete(model).where(or_(to_it, to_them)), cache_tags=tags)
        # Parents and answers in one statement, so that no foreign key is in the way.
        await _run(db, delete(Comment).where(said), cache_tags=tags)

    async def hold_all_of(self, db: AsyncSession, user_id: int) -> None:
        """Every post and project that the account reacted to or commented on, in the usual order.

        The account is held: whoever reacts holds theirs first, too. Whoever comments meets it at
        the foreign key, and is refused or runs again.
        """
        for kind, model in EntityRepository.publications.items():
            of_comments = select(Comment.entity_id).where(Comment.entity_type == kind)
            reacted = _reacted_to(user_id, ReactionTarget.COMMENTS).subquery()
            touched = union(
                _reacted_to(user_id, ReactionTarget(kind)),
                of_comments.join(reacted, reacted.c.target_id == Comment.id),
                of_comments.where(Comment.author_id == user_id),
            )
            ids = select(model.id).where(model.id.in_(touched)).order_by(model.id)
            await db.execute(held(ids, model))

    async def erase_reactions(self, db: AsyncSession, user_id: int) -> None:
        """All of an account that is held, with everything that it reacted to."""
        given = set(
            await db.scalars(
                select(Reaction.target_type).where(Reaction.user_id == user_id).distinct()
            )
        )
        for target in given:
            await self._subtract(db, user_id, target)
        if given:
            await _run(db, delete(Reaction).where(Reaction.user_id == user_id))

    async def _subtract(self, db: AsyncSession, user_id: int, target: ReactionTarget) -> None:
        model, theirs = COUNTED[target], _reacted_to(user_id, target)
        # By the key that begins with the target: by the account, each would be looked for among all.
        given = select(func.count(Reaction.id)).where(
            Reaction.target_type == target, Reaction.person == Person.account(user_id).key
        )
        of_kind = given.where(
            Reaction.target_id == ReactionTally.target_id, Reaction.kind == ReactionTally.kind
        )
        of_all = given.where(Reaction.target_id == model.id)
        await _run(
            db,
            update(ReactionTally)
            .where(ReactionTally.target_type == target, ReactionTally.target_id.in_(theirs))
            .values(count=ReactionTally.count - of_kind.scalar_subquery()),
        )
        await _run(
            db,
            delete(ReactionTally).where(
                ReactionTally.target_type == target,
                ReactionTally.target_id.in_(theirs),
                ReactionTally.count == 0,
            ),
        )
        await _run(
            db,
            update(model)
            .where(model.id.in_(theirs))
            .values(reactions_count=model.reactions_count - of_all.scalar_subquery()),
        )


async def _run(db: AsyncSession, statement: Any, **options: Any) -> None:
    await db.execute(statement.execution_options(synchronize_session=False, **options))


def _reacted_to(user_id: int, target: ReactionTarget) -> Any:
    return select(Reaction.target_id).where(
        Reaction.user_id == user_id, Reaction.target_type == target
    )
